package io.github.t6j.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server's page: one file with its libraries. {@code .ci/clients/page.mjs} drives it in a browser. */
@Timeout(60)
class WebPageTest {
    private static final Path PAGE = Path.of("src/main/resources/io/github/t6j/cli/serve/page");
    private static final List<String> LIBRARIES = List.of("katex", "highlight");
    private static final int MAX_BYTES = 700_000;

    private static HttpResponse<String> page() throws Exception {
        try (TestServer server = new TestServer(TestServer.limits(1, 1, 1L << 28, 64), null, null)) {
            return server.get("/");
        }
    }

    @Test
    void librariesHaveALicenceAndALimitedSize() throws IOException {
        long bytes = 0;
        for (String library : LIBRARIES) {
            assertThat(Files.readString(PAGE.resolve(library).resolve("LICENSE"))).contains("Copyright");
            try (Stream<Path> files = Files.walk(PAGE.resolve(library))) {
                bytes += files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
            }
        }
        assertThat(bytes).isLessThan(MAX_BYTES);
    }

    @Test
    void thePageLoadsNothing() throws Exception {
        String page = page().body();
        assertThat(page).contains("katex.render(", "hljs.highlight(", "\"use strict\"");
        assertThat(Pattern.compile("url\\(([^)]{0,20})").matcher(page).results().map(url -> url.group(1)))
                .allMatch(url -> url.startsWith("data:"), "in the page")
                .filteredOn(url -> url.startsWith("data:font")).hasSize(20);
        String elements = page.replaceAll("(?s)<(script|style)>.*?</\\1>", "");
        assertThat(elements).doesNotContain("src=", "<link rel=\"stylesheet\"");
        assertThat(Pattern.compile("href=\"([^\"]*)\"").matcher(elements).results().map(link -> link.group(1)))
                .containsOnly("data:,", "#input");
    }

    @Test
    void onlyTheScriptsOfThePageRun() throws Exception {
        String policy = page().headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy)
                .startsWith("default-src 'none'; connect-src 'self'; img-src data:; font-src data:; style-src")
                .doesNotContain("unsafe", "http").contains("; script-src 'sha256-", "frame-ancestors 'none'");
    }
}

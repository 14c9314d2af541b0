package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.SamplingOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README's Java is the method below, to the letter, and it runs. */
class ReadmeSampleTest {
    private static void sample(Path folder) {
        // @formatter:off
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            GenerationOptions options = GenerationOptions.defaults()
                    .withMaxTokens(50)
                    .withSampling(SamplingOptions.defaults().withTemperature(0.7f).withSeed(1L));
            Generation generation = session.generate("The whale", options, token -> {
                System.out.print(token.text());
                return true; // false ends the generation
            });
            System.out.println();
            System.out.println(generation.finishReason() + " after " + generation.tokens().size() + " tokens");

            session.truncate(0); // forget; or keep the cache and go on
            session.prefill(model.tokenizer().encode("Call me"));
            float[] logits = session.logits(); // after the last id, one number per id of the vocabulary
            System.out.println(logits.length + " logits");
        }
        // @formatter:on
    }

    @Test
    void theSampleIsTheReadmes() throws IOException {
        String readme = Files.readString(TestData.path("../README.md"));
        Matcher java = Pattern.compile("(?s)```java\n(.*?)```").matcher(readme);
        assertThat(java.find()).isTrue();
        String own = Files.readString(
                TestData.path("../engine/src/test/java/io/github/t6j/ReadmeSampleTest.java"));
        String body = own.substring(own.indexOf("// @formatter:off\n") + 18, own.indexOf("        // @formatter:on"));
        assertThat(body.indent(-8)).isEqualTo(java.group(1));
    }

    @Test
    void theSampleRuns() {
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            sample(TestData.tiny());
        } finally {
            System.setOut(out);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("MAX_TOKENS after 50 tokens", "4096 logits");
    }
}

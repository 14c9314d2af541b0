package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the version and the licence beside the classes; {@code .ci/examples} tests them in the jars. */
class VersionTest {
    private static Path root() {
        return TestData.path("..");
    }

    @Test
    @Tag("classpath")
    void theVersionIsThatOfThePom() throws IOException {
        Matcher version = Pattern.compile("<artifactId>t6j-parent</artifactId>\\s*<version>(.*)</version>")
                .matcher(Files.readString(root().resolve("pom.xml")));
        assertThat(version.find()).isTrue();
        assertThat(T6j.version()).isEqualTo(version.group(1));
    }

    @Test
    void theLicenceIsInTheJar() throws Exception {
        Path classes = Path.of(T6j.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertThat(classes.resolve("META-INF/LICENSE")).hasSameBinaryContentAs(root().resolve("LICENSE"));
    }
}

package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class MainTest {
    /** The last of the first eight bytes of a class file is its version: 55 is Java 11. */
    @Test
    void anOlderJavaCanStartTheJarAndPrintsItsNeeds() throws IOException {
        try (InputStream classFile = Main.class.getResourceAsStream("Main.class")) {
            assertThat(classFile.readNBytes(8)).endsWith(0, 55);
        }
    }
}

package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests that the build runs tests as configured in the poms: on the module path, with test data, and on the class path.
 */
class BuildTest {
    @Test
    void testsRunInsideTheModule() {
        assertThat(getClass().getModule().getName()).isEqualTo("io.github.t6j.engine");
        assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isPresent();
    }

    @Test
    void testsFindTheTestData() {
        assertThat(Path.of(System.getProperty("t6j.testdata")).resolve("models/t6-tiny/config.json"))
                .satisfies(path -> assertThat(Files.isRegularFile(path)).isTrue());
    }

    @Test
    @Tag("classpath")
    void testsTaggedClasspathRunWithoutModules() {
        assertThat(getClass().getModule().isNamed()).isFalse();
        assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isEmpty();
    }
}

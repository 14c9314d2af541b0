package io.github.t6j.chat.template;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link TemplateFuzz} under Jazzer. Without JAZZER_FUZZ=1 it runs the unchanged templates, and the files in its
 * inputs' folder.
 */
@Timeout(10)
class TemplateJazzerTest {
    @MethodSource("io.github.t6j.chat.template.TemplateFuzz#seeds")
    @FuzzTest(maxDuration = "10m")
    void template(byte[] bytes) {
        TemplateFuzz.template(bytes);
    }
}

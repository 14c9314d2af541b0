package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ToolTest {
    /** Missing and null fields mean the same, also in OpenAI's form. */
    @ParameterizedTest
    @ValueSource(strings = {
        "{\"name\": \"now\"}", "{\"name\": \"now\", \"description\": null, \"parameters\": null}",
        "{\"type\": \"function\", \"function\": {\"name\": \"now\", \"parameters\": null}}",
        "{\"name\": \"now\", \"function\": null, \"parameters\": {\"type\": \"object\", \"properties\": {}}}"})
    void missingParametersAreEmpty(String json) {
        assertThat(Tool.parse(json)).isEqualTo(new Tool("now", "", Map.of("type", "object", "properties", Map.of())));
    }

    @Test
    void otherParametersAreKept() {
        assertThat(Tool.parse("{\"name\": \"now\", \"parameters\": {\"required\": [\"zone\"]}}").parameters())
                .isEqualTo(Map.of("required", List.of("zone")));
        assertThatThrownBy(() -> Tool.parse("{\"name\": \"now\", \"parameters\": []}"))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining("tool now: parameters");
        assertThatThrownBy(() -> Tool.parse("{\"parameters\": {}}"))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining("tool: name");
    }
}

package io.github.t6j.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Short names stand for repositories; the help of {@code t6j pull} and a page list them. */
class ShortNamesTest {
    @ParameterizedTest
    @CsvSource({
        "smollm2,             HuggingFaceTB/SmolLM2-135M-Instruct",
        "smollm2:1.7b,        HuggingFaceTB/SmolLM2-1.7B-Instruct",
        "qwen3:0.6B,          Qwen/Qwen3-0.6B",
        "qwen3:30b-a3b,       Qwen/Qwen3-30B-A3B",
        "qwen3:30b-a3b:q4_0,  Qwen/Qwen3-30B-A3B-GGUF:q4_0",
        "gemma3:1b:Q4_K_M,    ggml-org/gemma-3-1b-it-GGUF:Q4_K_M",
        "Gemma3:Q8_0,         unsloth/gemma-3-270m-it-GGUF:Q8_0",
        "phi4-mini,           microsoft/Phi-4-mini-instruct",
        "phi4-mini:Q4_K_M,    unsloth/Phi-4-mini-instruct-GGUF:Q4_K_M",
        "mixtral:8x7b,        mistralai/Mixtral-8x7B-Instruct-v0.1",
        "mlra-tpa,            Soughing/MLRA/main/tpa",
        "qwen3@v1,            Qwen/Qwen3-0.6B@v1",
        "org/qwen3,           org/qwen3",
        "org/name:Q4_K_M@r,   org/name:Q4_K_M@r",
        "nosuchname,          nosuchname"})
    void namesAreParsed(String text, String full) {
        assertThat(ModelName.parse(text).orElseThrow().toString()).isEqualTo(full);
    }

    @Test
    void everyNameIsValidAndListed() throws IOException {
        String page = Files.readString(CommandResult.TESTDATA.resolve("../cli/docs/models-to-try.md"));
        String help = CommandResult.of("pull", "--help").out().replaceAll("\\s+", " ");
        ShortNames.all().forEach((name, models) -> {
            assertThat(help).contains(name);
            for (ShortNames.Model model : models) {
                String full = name + (model.size().isEmpty() ? "" : ":" + model.size());
                ModelName parsed = ModelName.parse(full).orElseThrow();
                assertThat(parsed.toString()).isEqualTo(model.repository());
                assertThat(parsed.hasOwner()).isTrue();
                assertThat(page).contains(full, model.repository());
                assertThat(models.size() == 1 || help.contains(model.size())).as(full).isTrue();
                if (model.gguf() != null) {
                    assertThat(ModelName.parse(full + ":Q4_K_M").orElseThrow().toString())
                            .isEqualTo(model.gguf() + ":Q4_K_M");
                    assertThat(page).contains(model.gguf());
                }
            }
        });
    }
}

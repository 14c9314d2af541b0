package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the commands on T6 models with steps. */
class T6StepsTest {
    @TempDir
    Path folder;

    private static CommandResult done(String... arguments) {
        CommandResult result = CommandResult.of(arguments);
        assertThat(result.code()).as(result.err()).isZero();
        return result;
    }

    private double[] logits(Path model, String... options) throws IOException {
        Path file = folder.resolve("logits-" + System.nanoTime() + ".safetensors");
        List<String> arguments = new ArrayList<>(
                List.of("logits", "--model", model.toString(), "--ids", "3,1,4,1,5,9,2,6", "--out", file.toString()));
        arguments.addAll(List.of(options));
        done(arguments.toArray(String[]::new));
        return StoredTensors.read(file).tensors().get("logits").values();
    }

    @Test
    void presetsAreWrittenDescribedConvertedAndDifferentiated() throws IOException {
        Path made = folder.resolve("made");
        done("init", "--preset", "t6-steps-micro", "--out", made.toString());
        assertThat(Json.parseObject(Files.readAllBytes(made.resolve("t6j.json")), "t6j.json"))
                .containsEntry("shift", true).containsEntry("groups", 2L);
        assertThat(done("inspect", "--model", made.toString()).out())
                .contains("T6, 2 key heads, differential heads, token shift, norms of queries and keys");
        double[] exact = logits(made);
        double[] materialized = logits(made, "--path", "materialized");
        for (int i = 0; i < exact.length; i++) {
            assertThat(exact[i]).isCloseTo(materialized[i], within(1e-4));
        }
        assertThat(logits(made, "--step")).isEqualTo(exact);
        Path same = folder.resolve("same");
        done("convert", made.toString(), same.toString());
        assertThat(logits(same)).isEqualTo(exact);
        Path rounded = folder.resolve("rounded");
        done("convert", made.toString(), rounded.toString(), "--dtype", "q8_0");
        assertThat(logits(rounded)).isEqualTo(logits(made, "--weight-type", "q8_0"));
        Path gradients = folder.resolve("g.safetensors");
        done("gradients", "--model", made.toString(), "--ids", "3,1,4,1,5", "--out", gradients.toString());
        assertThat(StoredTensors.read(gradients).tensors().keySet()).contains(
                "transformer.h.0.attn.shift_proj_k.weight", "transformer.h.5.attn.softmax_scaler.weight");
    }
}

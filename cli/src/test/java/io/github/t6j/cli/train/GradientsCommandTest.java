package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.cli.StoredTensors.Stored;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GradientsCommandTest {
    @TempDir
    private Path folder;

    /** PyTorch's autograd on the official classes gives the same names and numbers. */
    @ParameterizedTest
    @CsvSource({"T6_rank1, full", "T6_kvonly_groupnorm, full", "T6_linearattn, linearattn", "llama-mla, full"})
    void areThoseOfTheOfficialCode(String name, String variant) throws IOException {
        Path model = CommandResult.TESTDATA.resolve("golden").resolve(name);
        Object prompt = Json.object(Json.parseObject(
                Files.readAllBytes(model.resolve("case.json")), "case.json").get("prompt"), "prompt").get("input_ids");
        String ids = Json.array(prompt, "ids").stream().map(Object::toString).collect(Collectors.joining(","));
        Path file = Files.writeString(folder.resolve("ids"), ids);
        Path out = folder.resolve("gradients.safetensors");

        CommandResult ran = CommandResult.of("gradients", "--model", model.toString(), "--variant", variant, "--ids",
                "@" + file, "--out",
                out.toString());

        assertThat(ran).isEqualTo(new CommandResult(0, "", ""));
        StoredTensors found = StoredTensors.read(out);
        StoredTensors expected = StoredTensors.read(
                CommandResult.TESTDATA.resolve("golden_training").resolve(name + ".safetensors"));
        assertThat(found.tensors().keySet()).isEqualTo(expected.tensors().keySet());
        assertThat(found.tensors().get("loss").shape()).isEqualTo(expected.tensors().get("loss").shape());
        assertThat(found.tensors().get("loss").values()[0])
                .isCloseTo(expected.tensors().get("loss").values()[0], within(2e-5));
        expected.tensors().forEach((tensor, gradient) -> assertClose(tensor, found.tensors().get(tensor), gradient));
    }

    private static void assertClose(String name, Stored found, Stored expected) {
        assertThat(found.shape()).as(name).isEqualTo(expected.shape());
        double max = Arrays.stream(expected.values()).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < expected.values().length; i++) {
            assertThat(found.values()[i]).as("%s, %d", name, i).isCloseTo(expected.values()[i], within(1e-4 * max));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "@ids"})
    void oneIdPredictsNothing(String ids) throws IOException {
        Path file = Files.writeString(folder.resolve("ids"), "7");
        CommandResult ran =
                CommandResult.of("gradients", "--ids", ids.replace("@ids", "@" + file), "--out", folder + "/out");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--ids: expected two ids or more, each but the last predicts the next, found 1")
                .hasLineCount(1);
    }

    @Test
    void untrainableModelsAreRejected() {
        CommandResult ran = CommandResult.of("gradients", "--model",
                CommandResult.TESTDATA.resolve("golden_mlra/gta").toString(), "--ids", "1,2",
                "--out", folder + "/out");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("GTA").hasLineCount(1);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void idsAreOfTheVocabulary() {
        CommandResult ran = CommandResult.of("gradients", "--ids", "1,4096", "--out", folder + "/out");
        assertThat(ran).isEqualTo(new CommandResult(1, "",
                "t6j: id 4096 at position 1: expected ids below 4096, the size of the model's vocabulary\n"));
    }
}

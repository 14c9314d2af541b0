package io.github.t6j.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares with the float64 logits of the official class. */
class LogitsCommandTest {
    /** Tolerance of logits compared with float64. */
    private static final double TOLERANCE = 2e-4;

    @TempDir
    Path folder;

    private double[] expected;
    private String ids;

    @BeforeEach
    void readReference() throws IOException {
        StoredTensors reference = StoredTensors.read(Path.of(CommandResult.TINY, "logits_f64.safetensors"));
        expected = reference.tensors().get("logits").values();
        ids = Arrays.stream(reference.tensors().get("input_ids").values())
                .mapToObj(id -> Integer.toString((int) id))
                .collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @CsvSource({"factored, ", "factored, --step", "materialized, ", "materialized, --step"})
    void areThoseOfTheReference(String path, String step) throws IOException {
        String[] options = step == null ? new String[] {} : new String[] {step};

        assertClose(logits(ids, path, options), List.of(64L, 4096L));
    }

    @Test
    void idsCanComeFromAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("ids"), ids.replace(",", ",\n ") + "\n");

        assertClose(logits("@" + file, "factored"), List.of(64L, 4096L));
    }

    @Test
    void everyVariantTakesBothPaths() throws IOException {
        String model = CommandResult.TESTDATA.resolve("golden/llama-gqa").toString();
        double[] factored = logits("5,17,3", "factored", "--model", model).values();
        double[] materialized = logits("5,17,3", "materialized", "--model", model).values();

        assertThat(distance(factored, materialized)).isLessThanOrEqualTo(1e-4);
    }

    @Test
    void anIdOutOfRangeIsNamed() {
        CommandResult ran = CommandResult.of("logits", "--ids", "1,4096", "--out", folder.resolve("out").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("id 4096 at position 1: expected ids below 4096").hasLineCount(1);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aFileOfOtherThingsIsAnError() throws IOException {
        Path file = Files.writeString(folder.resolve("ids"), "1 2 three");

        CommandResult ran = CommandResult.of("logits", "--ids", "@" + file, "--out", folder.resolve("out").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains(file + ": expected ids separated by commas", "'three'").hasLineCount(1);
    }

    /** The check comes before the work: there is no such model. */
    @ParameterizedTest
    @CsvSource({"no/out, no such file or folder", "'', found a folder"})
    void anUnwritablePlaceIsReportedFirst(String out, String message) {
        CommandResult ran =
                CommandResult.of("logits", "--ids", "1", "--model", "nowhere", "--out", folder.resolve(out).toString());

        assertThat(ran.err()).startsWith("t6j: " + folder.resolve(out) + ": cannot be written: ").contains(message)
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void moreIdsThanTheModelWasTrainedOnAreAllowed() throws IOException {
        String many = "7" + ",7".repeat(519);

        assertThat(logits(many, "factored").shape()).isEqualTo(List.of(520L, 4096L));
    }

    private StoredTensors.Stored logits(String idsOrFile, String path, String... options) throws IOException {
        Path out = folder.resolve("logits.safetensors");
        List<String> args = new ArrayList<>(
                List.of("logits", "--ids", idsOrFile, "--path", path, "--out", out.toString()));
        args.addAll(List.of(options));
        if (!args.contains("--model")) {
            args.addAll(List.of("--model", CommandResult.TINY));
        }
        assertThat(CommandResult.of(args.toArray(String[]::new))).isEqualTo(new CommandResult(0, "", ""));
        StoredTensors.Stored logits = StoredTensors.read(out).tensors().get("logits");
        assertThat(logits.dtype()).isEqualTo("F32");
        return logits;
    }

    private void assertClose(StoredTensors.Stored logits, List<Object> shape) {
        assertThat(logits.shape()).isEqualTo(shape);
        assertThat(distance(logits.values(), expected)).isLessThanOrEqualTo(TOLERANCE);
    }

    private static double distance(double[] a, double[] b) {
        assertThat(a).hasSameSizeAs(b);
        double max = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = Math.abs(a[i] - b[i]);
            max = difference <= max ? max : difference; // NaN counts as the largest
        }
        return max;
    }
}

package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code t6j train --lora}. */
class LoraTrainCommandTest {
    @TempDir
    private Path folder;
    private Path data;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        String text = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        data = Files.writeString(folder.resolve("data.txt"), text.substring(0, 20_000));
        out = folder.resolve("run");
    }

    private CommandResult train(Path into, String... more) {
        List<String> all = new ArrayList<>(List.of("train", "--data", data.toString(), "--out", into.toString()));
        all.addAll(List.of(more));
        return CommandResult.of(all.toArray(String[]::new));
    }

    private CommandResult lora(Path into, String size, String... more) {
        List<String> all = new ArrayList<>(List.of("--init-from", CommandResult.TINY, "--lora", size,
                "--context", "40", "--batch", "2", "--learning-rate", "1e-3"));
        all.addAll(List.of(more));
        return train(into, all.toArray(String[]::new));
    }

    private double nll(String... model) {
        List<String> all =
                new ArrayList<>(List.of("perplexity", "--file", data.toString(), "--context", "40", "--json"));
        all.addAll(List.of(model));
        return (Double) CommandResult.of(all.toArray(String[]::new)).json().get("nll");
    }

    /** The adapter, resumed in the middle, lowers the perplexity; convert makes a model that computes the same. */
    @Tag("full")
    @Test
    void trainsResumesAndMergesAnAdapter() throws IOException {
        CommandResult ran = lora(out, "4:8", "--steps", "20");
        assertThat(ran.err()).contains("T6, trains ", " of 3,311,616 parameters", "t6j: sample: ",
                "t6j: done: " + out + " is the adapter with the lowest validation loss");
        assertThat(ran.code()).isZero();
        assertThat(out.resolve("adapter_config.json")).exists();
        assertThat(out.resolve("tokenizer.json")).exists();
        assertThat(out.resolve("model.safetensors")).doesNotExist();

        Path resumed = folder.resolve("resumed");
        copy(out.resolve("checkpoints/step-000000010"), resumed.resolve("checkpoints/step-000000010"));
        CommandResult again = train(resumed, "--resume", "--threads", "1");
        assertThat(again.err()).contains("continuing after step 10 of 20");
        assertThat(again.code()).as(again.err()).isZero();
        String last = "checkpoints/step-000000020/adapter_model.safetensors";
        assertThat(resumed.resolve(last)).hasSameBinaryContentAs(out.resolve(last));

        Path merged = folder.resolve("merged");
        assertThat(CommandResult.of("convert", CommandResult.TINY, merged.toString(), "--adapter", out.toString())
                .code()).isZero();
        double base = nll("--model", CommandResult.TINY);
        double adapted = nll("--model", CommandResult.TINY, "--adapter", out.toString());
        assertThat(adapted).isLessThan(base);
        assertThat(nll("--model", merged.toString())).isCloseTo(adapted, within(1e-6));
    }

    /** The base has no tokenizer; the run's is next to the adapter. */
    @Test
    void samplesUseTheTokenizerOfTheRun() throws IOException {
        Path base = Files.createDirectory(folder.resolve("base"));
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(Path.of(CommandResult.TINY, file), base.resolve(file));
        }
        CommandResult ran = train(out, "--init-from", base.toString(), "--tokenizer", CommandResult.TINY, "--lora", "2",
                "--context", "40", "--batch", "1", "--steps", "1");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("t6j: sample: ").doesNotContain("cannot");
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0    | --lora: rank: expected 1 to 4096, found 0",
        "8:0  | --lora: alpha: expected above 0 to 1000000, found 0.0",
        "8:   | --lora: expected RANK or RANK:ALPHA, such as 8 or 8:16, found 8:",
        "x    | --lora: expected RANK or RANK:ALPHA, such as 8 or 8:16, found x",
        "-4   | --lora: expected RANK or RANK:ALPHA, such as 8 or 8:16, found -4"})
    void wrongSizesAreBadUsage(String size, String message) {
        CommandResult ran = lora(out, size, "--steps", "2");
        assertThat(ran.err()).contains(message);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(out).doesNotExist();
    }

    @Test
    void modelsThatCannotBeAdaptedAreNamed() throws IOException {
        CommandResult none = train(out, "--lora", "8");
        assertThat(none.err()).contains("--lora: expected --init-from with the model to adapt, found none");
        assertThat(none.code()).isEqualTo(2);
        CommandResult large = lora(out, "999", "--steps", "1");
        assertThat(large.err()).contains("rank: expected at most ", "found 999");
        assertThat(large.code()).isEqualTo(1);
        Path adapter = Files.createDirectory(folder.resolve("adapter"));
        Files.writeString(adapter.resolve("adapter_config.json"), "{}");
        CommandResult twice = train(out, "--lora", "8", "--init-from", adapter.toString());
        assertThat(twice.err()).contains("expected a model, found a LoRA adapter: merge it into its model with t6j"
                + " convert MODEL NEW --adapter " + adapter);
        assertThat(twice.code()).isEqualTo(1);
        CommandResult other = train(out, "--lora", "8", "--init-from",
                CommandResult.TESTDATA.resolve("golden_more/granite-scaled").toString());
        assertThat(other.err()).contains("training: multipliers, caps and activation: expected those of Llama");
        assertThat(other.code()).isEqualTo(1);
        assertThat(out).doesNotExist();
    }

    /** The base has an added token that its embedding has no row for, as users' models do. */
    @Test
    void resumesIfTheTokenizerHasMoreIdsThanTheModel() throws IOException {
        Path base = Files.createDirectory(folder.resolve("base"));
        copy(Path.of(CommandResult.TINY), base);
        Path tokenizer = base.resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer).replaceFirst("\"added_tokens\":\\[",
                "$0{\"id\":4096,\"content\":\"<pad>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                        + "\"normalized\":false,\"special\":true},"));
        CommandResult ran = train(out, "--init-from", base.toString(), "--lora", "2", "--context", "40", "--batch", "1",
                "--steps", "2");
        assertThat(ran.code()).as(ran.err()).isZero();
        CommandResult again = train(out, "--resume", "--more-steps", "1");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(out.resolve("checkpoints/step-000000003")).exists();
        assertThat(train(folder.resolve("other"), "--init-from", CommandResult.TINY, "--tokenizer", base.toString(),
                "--lora", "2").err()).contains("expected a tokenizer of at most 4096 ids, the model's vocabulary");
    }
}

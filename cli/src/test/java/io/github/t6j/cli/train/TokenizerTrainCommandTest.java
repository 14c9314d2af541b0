package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTrainCommandTest {
    @TempDir
    private Path folder;

    private CommandResult train(String vocabulary, Path out, Path... data) {
        String[] args = new String[7 + data.length];
        System.arraycopy(new String[] {"tokenizer", "train", "--vocab", vocabulary, "--out", out.toString(), "--data"},
                0, args, 0, 7);
        for (int i = 0; i < data.length; i++) {
            args[7 + i] = data[i].toString();
        }
        return CommandResult.of(args);
    }

    private static List<Object> merges(Path out) throws IOException {
        Map<String, Object> json =
                Json.parseObject(Files.readAllBytes(out.resolve("tokenizer.json")), "tokenizer.json");
        return Json.array(Json.object(json.get("model"), "model").get("merges"), "merges");
    }

    @Test
    void makesATokenizerThatOtherCommandsUse() throws IOException {
        Path out = folder.resolve("made");
        assertThat(train("1000", out, CommandResult.TESTDATA.resolve("text/test.txt")))
                .isEqualTo(new CommandResult(0, "", ""));

        assertThat(merges(out)).hasSize(1000 - 257).startsWith("\u0120 t");
        assertThat(out.resolve("tokenizer.json")).isRegularFile();
        String text = "The whale, we\u2019ll see: \ud83d\ude00";
        String ids = CommandResult.of("tokenize", text, "--model", out.toString()).out().strip();
        assertThat(ids.split(",")).hasSizeLessThan(text.length());
        assertThat(CommandResult.of("tokenize", "--decode", ids, "--model", out.toString()))
                .isEqualTo(new CommandResult(0, text + "\n", ""));
    }

    /** Counted by hand: within words a b three times, b c twice; pairs do not cross documents. */
    @Test
    void readsTextAndJsonlTogether() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "ab<|endoftext|>ab bc");
        Path lines = Files.writeString(folder.resolve("lines.jsonl"), "{\"text\": \"ab\"}\n{\"text\": \" bc\"}\n");
        Path out = folder.resolve("made");

        CommandResult ran = train("300", out, text, lines);

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo(
                "t6j: note: the tokenizer has 260 ids, not 300: no other pair of symbols repeats in the texts\n");
        assertThat(merges(out)).containsExactly("a b", "b c", "\u0120 bc");
    }

    @Test
    void mistakesAreOneLineAndLeaveNothing() throws IOException {
        Path good = Files.writeString(folder.resolve("text"), "the whale the whale");
        Path bad = Files.write(folder.resolve("bad"), new byte[] {'a', (byte) 0xFF});
        Path made = folder.resolve("made");
        for (Map.Entry<Path, String> mistake : Map.of(
                folder, folder + ": expected a file of training data, found a folder: give the files in it",
                folder.resolve("none"), folder.resolve("none") + ": cannot be read: no such file or folder",
                bad, bad + ": expected UTF-8, found an invalid byte at offset 1: convert the text to UTF-8")
                .entrySet()) {
            assertThat(train("300", made, good, mistake.getKey()))
                    .isEqualTo(new CommandResult(1, "", "t6j: " + mistake.getValue() + "\n"));
            assertThat(made).doesNotExist();
        }
        CommandResult full = train("300", folder, good);
        assertThat(full.code()).isEqualTo(1);
        assertThat(full.err()).contains("expected a new or empty folder, found ").hasLineCount(1);
    }
}

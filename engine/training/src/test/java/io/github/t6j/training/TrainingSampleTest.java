package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests that the Java in cli/docs/train.md is exactly the method below, and that it runs. */
@Isolated
class TrainingSampleTest {
    private static void sample(Path text, Path tokenizer, Path folder) {
        // @formatter:off
        try (Trainer trainer = Trainer.create("t6-nano", tokenizer, TrainingOptions.defaults(10), 0);
                TokenData data = TokenData.open(
                        List.of(text), Tokenizer.load(tokenizer), trainer.vocabulary(), share -> { })) {
            trainer.train(data, step -> {
                System.out.println(step.step() + ": " + step.loss());
                return true; // false ends it; evaluate and save may be called here, too
            });
            trainer.save(folder); // Model.load(folder) generates, Trainer.restore(folder, 0) goes on
        }
        // @formatter:on
    }

    @Test
    void theDocumentContainsTheSample() throws IOException {
        String document = Files.readString(TestData.path("../cli/docs/train.md"));
        Matcher java = Pattern.compile("(?s)```java\n(.*?)```").matcher(document);
        assertThat(java.find()).isTrue();
        String source = Files.readString(
                TestData.path("../engine/training/src/test/java/io/github/t6j/training/TrainingSampleTest.java"));
        String body = source.substring(source.indexOf("// @formatter:off\n") + 18,
                source.indexOf("        // @formatter:on"));
        assertThat(body.indent(-8)).isEqualTo(java.group(1));
    }

    @Tag("full")
    @Test
    void theSampleRuns(@TempDir Path folder) throws IOException {
        Path text = Files.copy(TestData.path("text/test.txt"), folder.resolve("text.txt"));
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            sample(text, TestData.path("tokenizers/bpe4096"), folder.resolve("model"));
        } finally {
            System.setOut(out);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("1: 8.3", "10: ").hasLineCount(10);
        try (Model model = Model.load(folder.resolve("model"))) {
            assertThat(model.hasTokenizer()).isTrue();
        }
    }
}

package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.tokenizer.Tokenizer;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a program without the artifact {@code t6j-gpt2} reads which artifact to add, and can use ids. */
class MissingVocabularyTest {
    private static final String ADVICE = "add the artifact io.github.t6j:t6j-gpt2 (module io.github.t6j.gpt2)";

    /** Program that needs GPT-2's vocabulary. */
    static final class Program {
        private Program() {}

        /** Prints the errors and the notes for the model in the folder {@code args[0]}. */
        public static void main(String... args) {
            System.out.println(error(Tokenizer::gpt2));
            try (Model model = Model.load(Path.of(args[0])); Session session = model.newSession()) {
                System.out.println(model.notes());
                System.out.println(error(model::tokenizer));
                session.prefill(1, 2, 3);
                System.out.println(session.position());
            }
        }

        private static String error(Supplier<?> call) {
            try {
                return "none: " + call.get();
            } catch (IllegalStateException | ModelFormatException missing) {
                return missing.getMessage();
            }
        }
    }

    @Test
    void theErrorsNameTheArtifact(@TempDir Path folder) throws Exception {
        String classes = TestData.path("../engine/core/target/classes") + File.pathSeparator
                + TestData.path("../engine/core/target/test-classes");
        Path model = TestData.path("golden_mlra/mlra_2");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector,jdk.management", "-cp", classes, Program.class.getName(), model.toString())
                .redirectError(err.toFile()).start();
        try (var out = process.inputReader()) {
            List<String> lines = out.lines().toList();
            assertThat(process.waitFor()).as(Files.readString(err)).isZero();
            String missing = "the model has no tokenizer; its family uses GPT-2's: " + ADVICE;
            assertThat(lines).containsExactly("GPT-2's tokenizer is missing: " + ADVICE, "[" + missing + "]",
                    model + ": " + missing, "3");
        }
    }
}

package io.github.t6j.mini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.Token;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the jar's model equals the folder's, as a module and on the class path. */
class MiniModelTest {
    private static final Path FOLDER = Path.of(System.getProperty("t6j.testdata"), "models", "t6-mini");

    private static Generation generate(Model model) {
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(32).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.defaults().withSeed(7L));
        try (Session session = model.newSession()) {
            return session.generate("Once upon a time, é 日本", options, token -> true);
        }
    }

    private static Set<Path> left() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("t6j-mini"))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void idsAndTextAreThoseOfTheFolder() {
        try (Model jar = MiniModel.load(); Model folder = Model.load(FOLDER)) {
            String text = "It was a cold morning, and the sea was grey.";
            assertThat(jar.tokenizer().encode(text)).isEqualTo(folder.tokenizer().encode(text));
            assertThat(jar.info().toString()).contains("7356416");
            List<Token> tokens = generate(jar).tokens();
            assertThat(tokens).hasSize(32).isEqualTo(generate(folder).tokens());
        }
    }

    @Test
    void nothingIsLeft() throws IOException {
        Set<Path> before = left();
        for (ModelOptions.Load load : ModelOptions.Load.values()) {
            MiniModel.load(ModelOptions.defaults().withLoad(load)).close();
        }
        Path noTokenizer = Path.of("no-tokenizer");
        assertThatThrownBy(() -> MiniModel.load(ModelOptions.defaults().withTokenizer(noTokenizer)))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining("no-tokenizer");
        assertThat(left()).isEqualTo(before);
    }

    /** Checks the BOM's version, since the BOM has no parent to inherit it from. */
    @Test
    void theBomHasTheVersionOfTheProject() throws IOException {
        Path root = FOLDER.resolve("../../..");
        String version = Files.readString(root.resolve("cli/model-mini/pom.xml")).split("</?version>")[1];
        assertThat(Files.readString(root.resolve("cli/bom/pom.xml"))).contains("<version>" + version + "</version>");
    }
}

package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.NativeMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in zip files and among the resources of the class path equal those in a folder. */
@Isolated
class ResourceModelTest {
    private static final GenerationOptions OPTIONS = GenerationOptions.defaults().withMaxTokens(20)
            .withSampling(SamplingOptions.defaults().withSeed(5L));
    private static final Path GGUF = TestData.path("golden_llama/gguf-llama3/model-q8_0.gguf");

    @TempDir
    private Path folder;

    /** Class beside the resources of a test. */
    static final class Anchor {}

    private static List<Token> tokens(Model model) {
        try (Session session = model.newSession()) {
            Prompt prompt = model.hasTokenizer() ? Prompt.of("The whale, é") : Prompt.of(5, 7, 11);
            return session.generate(prompt, OPTIONS).tokens();
        }
    }

    private static List<Token> expected(Path model) {
        try (Model folder = Model.load(model)) {
            return tokens(folder);
        }
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.isDirectory(from) ? Files.list(from) : Stream.of(from)) {
            Files.createDirectories(to);
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a zip file with t6-tiny at its root and in a folder, a GGUF file, and the class {@link Anchor}. */
    private Path zip(String name) throws IOException {
        Path zip = folder.resolve(name);
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            copy(TestData.tiny(), files.getPath("/"));
            copy(TestData.tiny(), files.getPath("/models/a tiny model"));
            copy(GGUF, files.getPath("/models"));
            String anchor = Anchor.class.getName().replace('.', '/') + ".class";
            Files.createDirectories(files.getPath(anchor).getParent());
            try (InputStream in = Anchor.class.getResourceAsStream("/" + anchor)) {
                Files.copy(in, files.getPath(anchor));
            }
        }
        return zip;
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void modelsInZipFilesEqualThoseInFolders(ModelOptions.Load load) throws IOException {
        List<Token> expected = expected(TestData.tiny());
        Path zip = zip("models.zip");
        List<String> files = files();
        long before = NativeMemory.allocatedBytes();
        try (FileSystem opened = FileSystems.newFileSystem(zip)) {
            for (String place : List.of("/", "/models/a tiny model", "models/a tiny model/model.safetensors")) {
                try (Model model = Model.load(opened.getPath(place), ModelOptions.defaults().withLoad(load))) {
                    assertThat(tokens(model)).as(place).isEqualTo(expected);
                    assertThat(NativeMemory.allocatedBytes() - before).isLessThan(2 * model.weightBytes());
                }
                assertThat(Tokenizer.load(opened.getPath("/")).encode("A whale"))
                        .isEqualTo(Tokenizer.load(TestData.tiny()).encode("A whale"));
            }
        }
        Model loaded;
        try (FileSystem opened = FileSystems.newFileSystem(zip)) {
            loaded = Model.load(opened.getPath("/models/" + GGUF.getFileName()),
                    ModelOptions.defaults().withLoad(load));
        }
        try (loaded) { // which needs its files no more
            assertThat(tokens(loaded)).isEqualTo(expected(GGUF));
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
        assertThat(files()).isEqualTo(files);
    }

    @ParameterizedTest
    @ValueSource(strings = {"models.jar", "two words.jar"})
    void resourcesOfAJarAreModels(String name) throws Exception {
        Path jar = zip(name);
        List<String> files = files();
        long before = NativeMemory.allocatedBytes();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            Class<?> anchor = loader.loadClass(Anchor.class.getName());
            FileSystem opened;
            try (Model model = Model.loadResource(anchor, "/models/a tiny model")) {
                assertThat(tokens(model)).isEqualTo(expected(TestData.tiny()));
                assertThat(model.path().resolve("tokenizer.json")).exists(); // for example, of chat templates
                opened = model.path().getFileSystem();
            }
            assertThat(opened.isOpen()).isFalse();
            try (Model model = Model.loadResource(anchor, "/models/" + GGUF.getFileName())) {
                assertThat(tokens(model)).isEqualTo(expected(GGUF));
            }
            assertThatThrownBy(() -> Model.loadResource(anchor, "/models/a tiny model",
                    ModelOptions.defaults().withTokenizer(folder.resolve("none"))))
                    .isInstanceOf(ModelFormatException.class).hasMessageContaining("none");
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
        assertThat(files()).isEqualTo(files);
    }

    @Test
    void resourcesOfAFolderAreModels() throws Exception {
        Path classes = folder.resolve("classes");
        try (FileSystem jar = FileSystems.newFileSystem(zip("models.jar"))) {
            Path inside = jar.getPath("/" + Anchor.class.getName().replace('.', '/') + ".class");
            copy(inside, classes.resolve("io/github/t6j"));
        }
        copy(TestData.tiny(), classes.resolve("io/github/t6j/tiny-model"));
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()}, null)) {
            try (Model model = Model.loadResource(loader.loadClass(Anchor.class.getName()), "tiny-model")) {
                assertThat(tokens(model)).isEqualTo(expected(TestData.tiny()));
            }
        }
    }

    @Test
    void missingResourcesAndOtherPlacesAreNamed() throws Exception {
        assertThatThrownBy(() -> Model.loadResource(Anchor.class, "no-model"))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("resource no-model")
                .hasMessageContaining("config.json").hasMessageContaining(Anchor.class.getName());
        assertThatThrownBy(() -> Model.loadResource(Anchor.class, "no-model/model.gguf"))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("this file");
        assertThatThrownBy(() -> Model.loadResource(Anchor.class, "/"))
                .isInstanceOf(IllegalArgumentException.class);
        try (URLClassLoader remote =
                new URLClassLoader(new URL[] {zip("models.jar").toUri().toURL()}, null) {
                    @Override
                    public URL getResource(String name) {
                        try {
                            return URI.create("http://localhost/" + name).toURL();
                        } catch (MalformedURLException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                }) {
            Class<?> anchor = remote.loadClass(Anchor.class.getName());
            assertThatThrownBy(() -> Model.loadResource(anchor, "/m")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("found http://localhost/m/config.json");
        }
    }
}

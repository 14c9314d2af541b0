package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that convert copies come from the model's folder, or from the blobs of its Hugging Face repository. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class CopiedFilesTest {
    private static final Path GOLDEN = CommandResult.TESTDATA.resolve("golden/T6_groupnorm");

    @TempDir
    private Path folder;
    private Path source;
    private Path made;
    private Path secret;

    @BeforeEach
    void make() throws IOException {
        secret = Files.writeString(folder.resolve("secret"), "{\"secret\": 1}");
        source = model(folder.resolve("source"));
        made = folder.resolve("made");
    }

    private static Path model(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.copy(GOLDEN.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(GOLDEN.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        return folder;
    }

    private void assertRefused(String name, String message) {
        CommandResult ran = CommandResult.of("convert", source.toString(), made.toString());
        assertThat(ran.err()).startsWith("t6j: " + source.resolve(name) + ": ").contains(message).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(made).doesNotExist();
    }

    private void assertConverts() {
        CommandResult.of("convert", source.toString(), made.toString()).assertMade(made);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer.json", "special_tokens_map.json", "merges.txt"})
    void aLinkOutOfTheFolderIsRefused(String name) throws IOException {
        Files.createSymbolicLink(source.resolve(name), Path.of("../secret"));
        assertRefused(name, "expected a file in this folder or in the blobs of its Hugging Face repository");
    }

    @Test
    void aLinkInAFolderThatIsALinkIsRefused() throws IOException {
        Files.createSymbolicLink(source.resolve("sub"), folder);
        Files.createSymbolicLink(source.resolve("vocab.json"), Path.of("sub/secret"));
        assertRefused("vocab.json", "found a link to " + secret.toRealPath());
    }

    @Test
    void specialFilesAreRefused() throws Exception {
        Path file = source.resolve("added_tokens.json");
        Files.createSymbolicLink(file, Path.of("/dev/null"));
        assertRefused("added_tokens.json", "not a regular file");
        Files.delete(file);
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
        assertRefused("added_tokens.json", "not a regular file");
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("nowhere"));
        assertRefused("added_tokens.json", "a symbolic link to a missing file");
        Files.delete(file);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 30);
        }
        assertRefused("added_tokens.json", "expected at most");
    }

    @Test
    void aConfigThatIsALinkIsNotCopied() throws IOException {
        Path elsewhere = Files.move(source.resolve("config.json"), folder.resolve("config"));
        Files.createSymbolicLink(source.resolve("config.json"), elsewhere);
        assertRefused("config.json", "expected a file in this folder");
        CommandResult rewritten = CommandResult.of("convert", source.toString(), made.toString(), "--dtype", "bf16");
        assertThat(rewritten.err()).contains("config.json: expected a file in this folder").hasLineCount(1);
        assertThat(made).doesNotExist();
        CommandResult.of("convert", source.toString(), made.toString(), "--config", elsewhere.toString())
                .assertMade(made);
    }

    @Test
    void samplingDefaultsAreCopied() throws IOException {
        Files.writeString(source.resolve("generation_config.json"), "{\"eos_token_id\": [1, 2]}");
        CommandResult.of("convert", source.toString(), made.toString(), "--dtype", "bf16").assertMade(made);
        assertThat(made.resolve("generation_config.json")).hasContent("{\"eos_token_id\": [1, 2]}");
    }

    @Test
    void linksWithinTheFolderAreCopied() throws IOException {
        Files.writeString(source.resolve("words"), "{}");
        Files.createSymbolicLink(source.resolve("vocab.json"), Path.of("words"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), source);
        CommandResult.of("convert", link.toString(), made.toString()).assertMade(made);
        assertThat(made.resolve("vocab.json")).hasContent("{}").isRegularFile();
        assertThat(Files.isSymbolicLink(made.resolve("vocab.json"))).isFalse();
    }

    @Test
    void blobsOfTheSameRepositoryAreCopied() throws IOException {
        Path repository = folder.resolve("models--me--tiny");
        Path blobs = Files.createDirectories(repository.resolve("blobs"));
        source = Files.createDirectories(repository.resolve("snapshots/abc"));
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(GOLDEN.resolve(name), blobs.resolve("of-" + name));
            Files.createSymbolicLink(source.resolve(name), Path.of("../../blobs/of-" + name));
        }
        Files.writeString(blobs.resolve("words"), "{}");
        Files.createSymbolicLink(source.resolve("vocab.json"), Path.of("../../blobs/words"));
        assertConverts();
        assertThat(made.resolve("vocab.json")).hasContent("{}");

        made = folder.resolve("made-again");
        Files.delete(source.resolve("vocab.json"));
        Files.createSymbolicLink(source.resolve("vocab.json"), secret);
        assertRefused("vocab.json", "found a link to");
        Files.delete(source.resolve("vocab.json"));
        Files.createSymbolicLink(blobs.resolve("out"), secret); // a link in blobs that leads out of them
        Files.createSymbolicLink(source.resolve("vocab.json"), Path.of("../../blobs/out"));
        assertRefused("vocab.json", "found a link to");
    }
}

package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j models} with a hand-made cache in the layout of Hugging Face's Python library. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class ModelsCommandTest {
    private static final Path LLAMA = CommandResult.TESTDATA.resolve("golden_llama/llama-bf16");
    private static final Path TPA = CommandResult.TESTDATA.resolve("golden_mlra/tpa_sharded");
    private static final Path GGUF = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3");
    private static final String OLD = "a".repeat(40);
    private static final String NEW = "b".repeat(40);

    @TempDir
    private Path home;
    private Path cache;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void begin() throws IOException {
        cache = Files.createDirectories(home.resolve("cache"));
        environment.put("HF_HUB_CACHE", cache.toString());
        environment.put("HOME", home.toString());
    }

    private Path repository(String name) {
        return cache.resolve("models--" + name.replace("/", "--"));
    }

    private void ref(String name, String ref, String commit) throws IOException {
        Path file = repository(name).resolve("refs").resolve(ref);
        Files.createDirectories(file.getParent());
        Files.writeString(file, commit);
    }

    /** Adds a file of a snapshot as a link to the blob {@code id}. */
    private Path put(String name, String commit, String path, Path from, String id) throws IOException {
        Path blob = Files.createDirectories(repository(name).resolve("blobs")).resolve(id);
        if (!Files.exists(blob)) {
            Files.copy(from, blob);
        }
        Path file = repository(name).resolve("snapshots").resolve(commit).resolve(path);
        Files.createDirectories(file.getParent());
        return Files.createSymbolicLink(file, file.getParent().relativize(blob));
    }

    private void llama(String name, String commit, String folder) throws IOException {
        put(name, commit, folder + "config.json", LLAMA.resolve("config.json"), "config" + folder.length());
        put(name, commit, folder + "model.safetensors", LLAMA.resolve("model.safetensors"),
                "weights" + folder.length());
    }

    private CommandResult models(String typed, String... args) {
        return CommandResult.in(environment, typed,
                Stream.concat(Stream.of("models"), Stream.of(args)).toArray(String[]::new));
    }

    private Map<String, Map<String, Object>> listed() {
        CommandResult ran = models(null, "--json");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        Map<String, Map<String, Object>> byName = new HashMap<>();
        for (Object item : Json.array(Json.parse(ran.out().getBytes(StandardCharsets.UTF_8), "out"), "out")) {
            Map<String, Object> fields = Json.object(item, "model");
            byName.put((String) fields.get("name"), fields);
        }
        return byName;
    }

    private long bytes(Path folder, String... names) throws IOException {
        long bytes = 0;
        for (String name : names) {
            bytes += Files.size(folder.resolve(name));
        }
        return bytes;
    }

    @Test
    void withoutACacheThereIsTheBundledModel() {
        environment.put("HF_HUB_CACHE", cache.resolve("none").toString());
        Map<String, Object> bundled = listed().get("t6-mini");
        assertThat(bundled).containsEntry("family", "T6").containsEntry("parameters", 7_356_416L)
                .containsEntry("problem", null);
        assertThat(listed()).hasSize(1);
        assertThat(models(null).out()).hasLineCount(2).contains("name", "family", "revision", "t6-mini", " 7,356,416 ");
    }

    @Test
    void pulledModelsAreListed() throws IOException {
        llama("org/llama", NEW, "");
        ref("org/llama", "main", NEW);
        llama("org/llama", OLD, "");
        for (String name : List.of("config.json", "pytorch_model.bin.index.json", "pytorch_model-00001-of-00003.bin")) {
            put("org/mlra", NEW, "tpa/" + name, TPA.resolve(name), name);
        }
        ref("org/mlra", "main", NEW);
        put("org/gguf", NEW, "model-f32.gguf", GGUF.resolve("model-f32.gguf"), "f32");
        put("org/gguf", NEW, "model-q8_0.gguf", GGUF.resolve("model-q8_0.gguf"), "q8");
        ref("org/gguf", "main", NEW);
        Files.createDirectories(cache.resolve("datasets--org--data/snapshots/x"));
        Files.createDirectories(cache.resolve(".locks"));

        Map<String, Map<String, Object>> listed = listed();
        assertThat(listed).containsOnlyKeys("t6-mini", "org/llama", "org/llama@aaaaaaa", "org/mlra/tpa",
                "org/gguf/model-f32.gguf", "org/gguf/model-q8_0.gguf");
        long parameters =
                (Long) CommandResult.in(environment, null, "inspect", "--json", "--model", LLAMA.toString()).json()
                        .get("parameters");
        assertThat(listed.get("org/llama")).containsEntry("family", "Llama").containsEntry("weights", "bf16")
                .containsEntry("parameters", parameters).containsEntry("revision", "main bbbbbbb")
                .containsEntry("bytes", bytes(LLAMA, "config.json", "model.safetensors"))
                .containsEntry("problem", null);
        assertThat(listed.get("org/mlra/tpa")).containsEntry("weights", "torch").containsEntry("family", "MLRA")
                .containsEntry("problem", null);
        assertThat(listed.get("org/gguf/model-q8_0.gguf")).containsEntry("weights", "q8_0")
                .containsEntry("bytes", Files.size(GGUF.resolve("model-q8_0.gguf")));
        for (String name : List.of("org/llama", "org/llama@aaaaaaa", "org/gguf/model-q8_0.gguf")) {
            assertThat(CommandResult.in(environment, null, "inspect", "--model", name).code()).as(name).isZero();
        }
    }

    /** A broken model is listed with its problem, whose text cannot move the cursor. */
    @Test
    void brokenModelsAreListed() throws IOException {
        llama("org/cut", NEW, "");
        try (RandomAccessFile file =
                new RandomAccessFile(repository("org/cut").resolve("blobs/weights0").toFile(), "rw")) {
            file.setLength(1000);
        }
        llama("org/unlinked", NEW, "");
        Files.delete(repository("org/unlinked").resolve("blobs/weights0"));
        put("org/bert", NEW, "config.json",
                Files.writeString(home.resolve("x"), "{\"model_type\": \"\\u001b[2Jbert\"}"), "c");
        put("org/bert", NEW, "model.safetensors", LLAMA.resolve("model.safetensors"), "w");
        put("org/nothing", NEW, "README.md", Files.writeString(home.resolve("y"), ""), "r");
        Files.writeString(cache.resolve("models--org--file"), "");
        Files.createDirectories(cache.resolve("models--org--empty"));

        Map<String, Map<String, Object>> listed = listed();
        assertThat(listed).containsOnlyKeys("t6-mini", "org/cut@bbbbbbb", "org/unlinked@bbbbbbb",
                "org/bert@bbbbbbb", "org/nothing@bbbbbbb");
        listed.remove("t6-mini");
        assertThat(listed.get("org/cut@bbbbbbb").get("problem")).asString().contains("model.safetensors: ");
        assertThat(listed.get("org/unlinked@bbbbbbb")).containsEntry("problem",
                "model.safetensors: no such file or folder");
        assertThat(listed.get("org/nothing@bbbbbbb").get("problem")).asString().contains("no weights in this folder");
        assertThat(listed.get("org/bert@bbbbbbb").get("problem")).asString().contains("bert");
        CommandResult ran = models(null);
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains("\\u001b[2Jbert").doesNotContain("\u001b").hasLineCount(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"y\n", "YES\n", "n\n", "\n", "", "yikes\n"})
    void removingAsksFirst(String typed) throws IOException {
        llama("org/llama", NEW, "");
        CommandResult ran = models(typed, "--remove", "org/llama");
        boolean agreed = typed.strip().equalsIgnoreCase("y") || typed.strip().equalsIgnoreCase("yes");
        assertThat(ran.err()).startsWith("Remove org/llama, 213.9 kB? [y/N] ")
                .contains(agreed ? "removed org/llama, 213.9 kB" : "nothing was removed");
        assertThat(ran.code()).isZero();
        assertThat(Files.exists(repository("org/llama"))).isEqualTo(!agreed);
    }

    @Test
    void withoutATerminalYesIsRequired() throws IOException {
        llama("org/llama", NEW, "");
        CommandResult ran = models(null, "--remove", "org/llama");
        assertThat(ran.err()).contains("--remove: expected --yes, found none; without a terminal, t6j cannot ask")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(repository("org/llama")).exists();

        Files.createDirectories(cache.resolve(".locks/models--org--llama"));
        assertThat(models(null, "--remove", "org/llama", "--yes").code()).isZero();
        assertThat(repository("org/llama")).doesNotExist();
        assertThat(cache.resolve(".locks/models--org--llama")).doesNotExist();
        CommandResult none = models(null, "--remove", "org/llama", "--yes");
        assertThat(none.err())
                .contains("--remove org/llama: expected a pulled model, found none of that name in " + cache);
        assertThat(none.code()).isEqualTo(1);
    }

    /** One revision is removed; files of the other stay, and blobs without links are not counted. */
    @Test
    void aRevisionIsRemovedWithItsOwnBlobs() throws IOException {
        llama("org/llama", NEW, "");
        ref("org/llama", "main", NEW);
        put("org/llama", OLD, "config.json", LLAMA.resolve("config.json"), "config0");
        put("org/llama", OLD, "model.safetensors", LLAMA.resolve("model.safetensors"), "old-weights");
        ref("org/llama", "v1", OLD);
        Path coming = Files.writeString(repository("org/llama").resolve("blobs/x.incomplete"), "");

        assertThat(models(null, "--remove", "org/llama@v1", "--yes").code()).isZero();
        assertThat(repository("org/llama").resolve("snapshots").resolve(OLD)).doesNotExist();
        assertThat(repository("org/llama").resolve("refs/v1")).doesNotExist();
        assertThat(repository("org/llama").resolve("blobs/old-weights")).doesNotExist();
        assertThat(coming).exists();
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/llama").code()).isZero();

        assertThat(models(null, "--remove", "org/llama@main", "--yes").code()).isZero();
        assertThat(repository("org/llama")).doesNotExist();
    }

    @Test
    void aFolderIsRemovedAlone() throws IOException {
        llama("org/mlra", NEW, "a/");
        llama("org/mlra", NEW, "bcd/");
        ref("org/mlra", "main", NEW);
        CommandResult ran = models(null, "--remove", "org/mlra/a", "--yes");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(repository("org/mlra").resolve("blobs/weights2")).doesNotExist();
        assertThat(repository("org/mlra").resolve("snapshots").resolve(NEW).resolve("a")).doesNotExist();
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/mlra/bcd").code()).isZero();
    }

    /** The other model stays, although the name of the cache's folder has its quantisation, too. */
    @Test
    void aModelInPartsIsRemovedAlone() throws IOException {
        cache = Files.createDirectories(home.resolve("q8_0/cache"));
        environment.put("HF_HUB_CACHE", cache.toString());
        for (String file : List.of("x-q8_0-00001-of-00002", "x-q8_0-00002-of-00002", "x-q4_0-00001-of-00002",
                "x-q4_0-00002-of-00002", "x-q2_k")) {
            put("org/x", NEW, file + ".gguf", LLAMA.resolve("config.json"), file);
        }
        ref("org/x", "main", NEW);
        Path snapshot = repository("org/x").resolve("snapshots").resolve(NEW);
        assertThat(models(null, "--remove", "org/x/x-q4_0-00001-of-00002.gguf", "--yes").code()).isZero();
        assertThat(snapshot.toFile().list())
                .containsExactlyInAnyOrder("x-q8_0-00001-of-00002.gguf", "x-q8_0-00002-of-00002.gguf", "x-q2_k.gguf");
        assertThat(models(null, "--remove", "org/x:Q8_0", "--yes").code()).isZero();
        assertThat(snapshot.toFile().list()).containsExactly("x-q2_k.gguf");
        assertThat(repository("org/x").resolve("blobs").toFile().list()).containsExactly("x-q2_k");
    }

    /** Links out of the cache are removed, but not their targets. */
    @Test
    void nothingOutsideIsRemoved() throws IOException {
        llama("org/llama", NEW, "");
        Path secret = Files.writeString(Files.createDirectories(home.resolve("mine")).resolve("secret"), "x");
        Path snapshot = repository("org/llama").resolve("snapshots").resolve(NEW);
        Files.createSymbolicLink(snapshot.resolve("out"), secret);
        Files.createSymbolicLink(snapshot.resolve("folder"), secret.getParent());
        Files.createSymbolicLink(snapshot.resolve("up"), Path.of("../../blobs/../../../mine/secret"));
        assertThat(models(null, "--remove", "org/llama@" + NEW, "--yes").code()).isZero();
        assertThat(Files.exists(repository("org/llama"), LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(secret).hasContent("x");
    }
}

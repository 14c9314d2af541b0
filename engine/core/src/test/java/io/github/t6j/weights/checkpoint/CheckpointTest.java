package io.github.t6j.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.HandMadeFiles;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated
@Timeout(60)
class CheckpointTest {
    private static final Path WHOLE = HandMadeFiles.GOLDEN.resolve("T6_groupnorm");
    private static final Path SHARDED = HandMadeFiles.GOLDEN.resolve("T6_groupnorm_sharded");
    private static final String TIED = "transformer.wte.weight";
    private static final String HEAD = "lm_head.weight";
    private static final String SMALL =
            "{\"w\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}";

    @TempDir
    Path folder;

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private Path writeSmall(String name) throws IOException {
        return write(name, HandMadeFiles.safetensors(SMALL, 1, 2, 3));
    }

    private static void copy(Path from, Path toFolder) throws IOException {
        Files.copy(from, toFolder.resolve(from.getFileName()));
    }

    /** Returns the tensors of {@code safetensors}, the tied one under both its names, as torch files have them. */
    private static Map<String, Tensor> underBothNames(Map<String, Tensor> safetensors) {
        Map<String, Tensor> both = new LinkedHashMap<>(safetensors);
        both.put(TIED, safetensors.get(HEAD));
        return both;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allFormatsHoldTheSameTensors(boolean mapped) {
        Map<String, Tensor> expected = HandMadeFiles.golden("T6_groupnorm/model.safetensors").tensors();
        try (Checkpoint whole = Checkpoint.open(WHOLE, mapped);
                Checkpoint shards = Checkpoint.open(SHARDED, mapped);
                Checkpoint torch = Checkpoint.open(WHOLE.resolve("pytorch_model.bin"), mapped);
                Checkpoint torchShards = Checkpoint.open(SHARDED.resolve("pytorch_model.bin.index.json"), mapped);
                Checkpoint otherName = Checkpoint.open(SHARDED.resolve("wte_only.safetensors"), mapped)) {
            HandMadeFiles.assertSameTensors(whole.tensors(), expected);
            HandMadeFiles.assertSameTensors(shards.tensors(), expected);
            HandMadeFiles.assertSameTensors(torch.tensors(), underBothNames(expected));
            HandMadeFiles.assertSameTensors(torchShards.tensors(), underBothNames(expected));
            Map<String, Tensor> renamed = underBothNames(expected);
            renamed.remove(HEAD);
            HandMadeFiles.assertSameTensors(otherName.tensors(), renamed);
        }
    }

    @Test
    void bf16TensorsAreTheSameInATorchFile() {
        Map<String, Tensor> expected = HandMadeFiles.golden("T6_bf16weights/model.safetensors").tensors();
        try (Checkpoint torch =
                Checkpoint.open(HandMadeFiles.GOLDEN.resolve("T6_bf16weights/pytorch_model.bin"), true)) {
            HandMadeFiles.assertSameTensors(torch.tensors(), underBothNames(expected));
            assertThat(torch.tensors().get(HEAD).dtype()).isEqualTo(DType.BF16);
        }
    }

    @Test
    void describesTheOpenedFiles() {
        try (Checkpoint shards = Checkpoint.open(SHARDED, false);
                Checkpoint torch = Checkpoint.open(WHOLE.resolve("pytorch_model.bin"), true);
                Checkpoint legacy =
                        Checkpoint.open(HandMadeFiles.GOLDEN.resolve("pickle_variants/legacy.bin"), false)) {
            assertThat(shards.description()).isEqualTo("model.safetensors (safetensors, 3 shards, copied)");
            assertThat(shards.files()).extracting(file -> file.getFileName().toString()).containsExactly(
                    "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
                    "model-00003-of-00003.safetensors");
            assertThat(shards.metadata()).containsEntry("format", "pt");
            assertThat(torch.description()).isEqualTo("pytorch_model.bin (torch, mapped)");
            assertThat(torch.files()).containsExactly(WHOLE.resolve("pytorch_model.bin"));
            assertThat(torch.metadata()).isEmpty();
            assertThat(legacy.description()).isEqualTo("legacy.bin (legacy torch, copied)");
        }
    }

    @Test
    void tensorsAreInTheFilesOrder() {
        try (Checkpoint torch = Checkpoint.open(WHOLE.resolve("pytorch_model.bin"), false)) {
            List<String> names = List.copyOf(torch.tensors().keySet());
            assertThat(names).startsWith(TIED, "transformer.h.0.attn.c_qkv.W_A_q.weight").endsWith(HEAD);
        }
    }

    @Test
    void prefixesOfWrappersAreRemoved() throws IOException {
        Map<String, Tensor> raw =
                HandMadeFiles.golden("pickle_variants/nested_ckpt.pt.expected.safetensors").tensors();
        Path wrapped = HandMadeFiles.GOLDEN.resolve("pickle_variants/nested_ckpt.pt");
        try (Checkpoint checkpoint = Checkpoint.open(wrapped, true)) {
            assertThat(checkpoint.tensors()).containsOnlyKeys("a.weight", "b.weight", "b.bias");
            checkpoint.tensors().forEach((name, tensor) -> {
                assertThat(tensor.name()).isEqualTo(name);
                HandMadeFiles.assertSameTensor(tensor, raw.get("_orig_mod." + name));
            });
        }
        Path nested = write("a.safetensors",
                HandMadeFiles.safetensors(SMALL.replace("\"w\"", "\"module._orig_mod.module.w\""), 1, 2, 3));
        try (Checkpoint checkpoint = Checkpoint.open(nested, false)) {
            assertThat(checkpoint.tensors()).containsOnlyKeys("w");
        }
        String twice = "{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"module.w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}";
        assertRefused(write("b.safetensors", HandMadeFiles.safetensors(twice, 1, 2, 3)), "b.safetensors", "module.w");
    }

    @Test
    void bytesDetermineTheFormatNotTheName() throws IOException {
        Path torch = folder.resolve("weights.safetensors");
        Files.copy(WHOLE.resolve("pytorch_model.bin"), torch);
        Path safetensors = folder.resolve("weights.bin");
        Files.copy(WHOLE.resolve("model.safetensors"), safetensors);
        try (Checkpoint a = Checkpoint.open(torch, false); Checkpoint b = Checkpoint.open(safetensors, false)) {
            HandMadeFiles.assertSameTensors(a.tensors(), underBothNames(b.tensors()));
        }
    }

    /** The length of a header comes first; these lengths start like a pickle of protocol 2, and like JSON. */
    @ParameterizedTest
    @ValueSource(ints = {0x280, 0x80, '{'})
    void aHeaderLengthIsNotAMagicNumber(int length) throws IOException {
        byte[] bytes = HandMadeFiles.safetensors(SMALL + " ".repeat(length - SMALL.length()), 1, 2, 3);
        assertThat(bytes[0] & 0xff).isEqualTo(length & 0xff);
        try (Checkpoint checkpoint = Checkpoint.open(write("model.safetensors", bytes), false)) {
            assertThat(checkpoint.tensors().get("w").toFloats()).containsExactly(1f, 2f, 3f);
        }
    }

    @Test
    void aFolderIsSearchedInThisOrder() throws IOException {
        List<String> names = List.of("other.pth", "model_state_dict.pt", "ckpt.pt", "pytorch_model.bin",
                "model.safetensors");
        write("optimizer.pt", "no weights");
        write("training_args.bin", "no weights");
        write("config.json", "{}");
        for (String name : names) {
            writeSmall(name);
            try (Checkpoint checkpoint = Checkpoint.open(folder, false)) {
                assertThat(checkpoint.files()).containsExactly(folder.resolve(name));
            }
        }
    }

    @Test
    void indexesAreSearchedInThisOrder() throws IOException {
        for (String name : List.of("pytorch_model.bin.index.json", "pytorch_model-00001-of-00003.bin",
                "pytorch_model-00002-of-00003.bin", "pytorch_model-00003-of-00003.bin")) {
            copy(SHARDED.resolve(name), folder);
        }
        writeSmall("ckpt.pt");
        try (Checkpoint checkpoint = Checkpoint.open(folder, true)) {
            assertThat(checkpoint.description()).isEqualTo("pytorch_model.bin (torch, 3 shards, mapped)");
        }
        writeSmall("one.safetensors");
        write("model.safetensors.index.json", "{\"weight_map\":{\"w\":\"one.safetensors\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder, true)) {
            assertThat(checkpoint.description()).isEqualTo("model.safetensors (safetensors, 1 shard, mapped)");
        }
    }

    @Test
    void linksAreOrdinaryFiles() throws IOException {
        Path blobs = Files.createDirectory(folder.resolve("blobs"));
        Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
        int blob = 0;
        try (Stream<Path> files = Files.list(SHARDED)) {
            for (Path file : files.toList()) {
                Path target = Files.copy(file, blobs.resolve("blob" + blob++));
                Files.createSymbolicLink(snapshot.resolve(file.getFileName()),
                        Path.of("..", "blobs", target.getFileName().toString()));
            }
        }
        Path linkedFolder = Files.createSymbolicLink(folder.resolve("linked"), snapshot);
        Map<String, Tensor> expected = HandMadeFiles.golden("T6_groupnorm/model.safetensors").tensors();
        for (boolean mapped : new boolean[] {false, true}) {
            try (Checkpoint checkpoint = Checkpoint.open(linkedFolder, mapped)) {
                HandMadeFiles.assertSameTensors(checkpoint.tensors(), expected);
            }
        }
    }

    @Test
    void aBrokenLinkIsNamed() throws IOException {
        Files.createSymbolicLink(folder.resolve("model.safetensors"), Path.of("missing"));
        writeSmall("other.bin");
        assertRefused(folder, "model.safetensors", "link");
    }

    private static void assertRefused(Path path, String... expected) {
        for (boolean mapped : new boolean[] {false, true}) {
            assertThatThrownBy(() -> Checkpoint.open(path, mapped)).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith(path.toString()).hasMessageContainingAll(expected)
                    .extracting(Throwable::getMessage).asString().doesNotContain("\n");
        }
    }

    @Test
    void missingFilesAreNamed() {
        for (String name : List.of("none", "none/model.safetensors")) {
            Path path = folder.resolve(name);
            assertThatThrownBy(() -> Checkpoint.open(path, false)).isInstanceOf(UncheckedIOException.class)
                    .hasMessage(path + ": cannot be read: no such file or folder");
        }
    }

    @Test
    void aFolderWithoutWeightsListsTheExpectedNames() throws IOException {
        write("config.json", "{}");
        write("training_args.bin", "x");
        assertRefused(folder, "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "ckpt.pt",
                ".pth");
    }

    @Test
    void severalFilesAreListed() throws IOException {
        writeSmall("b.bin");
        writeSmall("a.safetensors");
        writeSmall("optimizer.pt");
        assertRefused(folder, "a.safetensors, b.bin");
    }

    @Test
    void filesWithoutWeightsAreNamed() throws IOException {
        Files.createDirectory(folder.resolve("model.safetensors"));
        assertRefused(folder, "model.safetensors", "a folder");
        assertRefused(write("empty.bin", ""), "empty");
        assertRefused(write("text.bin", "hello, this is not a file of weights"),
                "not a safetensors, torch or GGUF file");
        assertRefused(write("short.bin", "hello"), "5 bytes");
        assertRefused(write("config.json", "{\"n_layer\": 2}"), "weight_map");
        assertRefused(write("lfs.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 5\n"),
                "Git LFS pointer", "git lfs pull");
    }

    @Test
    void filesCutShortAreErrors() throws IOException {
        for (String name : List.of("model.safetensors", "pytorch_model.bin")) {
            byte[] bytes = Files.readAllBytes(WHOLE.resolve(name));
            for (int length : new int[] {1, 7, 8, 9, 100, bytes.length / 2, bytes.length - 1}) {
                assertRefused(write(length + name, Arrays.copyOf(bytes, length)), name);
            }
        }
    }

    private void writeIndex(String weightMap) throws IOException {
        write("model.safetensors.index.json", "{\"weight_map\":" + weightMap + "}");
    }

    @Test
    void indexesMustAgreeWithTheirShards() throws IOException {
        writeSmall("a.safetensors");
        writeIndex("{\"w\":\"a.safetensors\",\"v\":\"a.safetensors\"}");
        assertRefused(folder, "a.safetensors", "expected v");
        writeIndex("{\"v\":\"a.safetensors\"}");
        assertRefused(folder, "a.safetensors", "expected v");
        write("b.safetensors", HandMadeFiles.safetensors(SMALL.replace("\"w\"", "\"v\""), 1, 2, 3));
        writeIndex("{\"w\":\"b.safetensors\",\"v\":\"a.safetensors\"}");
        assertRefused(folder, "a.safetensors", "expected v");
        write("c.safetensors",
                HandMadeFiles.safetensors("{\"v\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                        + "\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 1, 2));
        writeIndex("{\"v\":\"c.safetensors\"}");
        assertRefused(folder, "c.safetensors", "found x");
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        writeSmall("a.safetensors");
        writeIndex("{\"w\":\"a.safetensors\",\"x\":\"gone.safetensors\"}");
        assertThatThrownBy(() -> Checkpoint.open(folder, false)).isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith(folder.resolve("gone.safetensors") + ": ").hasMessageContaining("no such file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../a.safetensors", "/etc/a", "sub/a", "..", ".", "", "..\\\\a", "C:a", "a\\u0000"})
    void shardsStayInTheFolder(String shard) throws IOException {
        writeIndex("{\"w\":\"" + shard + "\"}");
        assertRefused(folder, "index.json", "w", "in its folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[]", "null", "7", "{\"w\":7}", "{\"w\":null}", "{\"w\":[\"a\"]}"})
    void weightMapsAreChecked(String weightMap) throws IOException {
        writeIndex(weightMap);
        assertRefused(folder, "model.safetensors.index.json", "weight_map");
    }

    @Test
    void anIndexMustNotNameAnotherIndex() throws IOException {
        writeIndex("{\"w\":\"model.safetensors.index.json\"}");
        assertRefused(folder, "model.safetensors.index.json", "JSON");
    }

    @Test
    void copiedWeightsSurviveChangesOfTheFile() throws IOException {
        Path file = writeSmall("model.safetensors");
        try (Checkpoint checkpoint = Checkpoint.open(file, false); NativeMemory memory = NativeMemory.shared()) {
            Tensor w = checkpoint.whole(checkpoint.tensors().get("w"), memory);
            Files.write(file, new byte[0]);
            assertThat(w.toFloats()).containsExactly(1f, 2f, 3f);
            assertThat(w.data().isReadOnly()).isTrue();
        }
    }

    @Test
    void aFileTruncatedBeforeItsWeightsAreCopiedIsNamed() throws IOException {
        Path file = writeSmall("model.safetensors");
        try (Checkpoint checkpoint = Checkpoint.open(file, false); NativeMemory memory = NativeMemory.shared()) {
            Tensor w = checkpoint.tensors().get("w");
            Files.write(file, new byte[0]);
            assertThatThrownBy(() -> checkpoint.whole(w, memory)).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining(file.toString()).hasMessageContaining("truncated");
        }
    }

    /** A sparse file with the header length of a file of 20 GB; it takes no space on disk. */
    @Test
    void aSparseFileIsRefusedByItsHeaderBeforeItIsRead() throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1}), 20_000_000_000L);
        }
        long before = NativeMemory.allocatedBytes();
        for (boolean mapped : new boolean[] {false, true}) {
            assertThatThrownBy(() -> Checkpoint.open(file, mapped)).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("header");
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }

    /** Files inside a zip file system, which cannot be mapped. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void weightsInAZipFileSystemAreRead(boolean mapped) throws IOException {
        Path zip = folder.resolve("model.zip");
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            Files.copy(writeSmall("model.safetensors"), files.getPath("model.safetensors"));
        }
        try (FileSystem files = FileSystems.newFileSystem(zip);
                Checkpoint checkpoint = Checkpoint.open(files.getPath("model.safetensors"), mapped);
                NativeMemory memory = NativeMemory.shared()) {
            Tensor w = checkpoint.whole(checkpoint.tensors().get("w"), memory);
            assertThat(w.toFloats()).containsExactly(1f, 2f, 3f);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closedWeightsCannotBeRead(boolean mapped) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(writeSmall("model.safetensors"), mapped);
        Tensor w = checkpoint.tensors().get("w");
        checkpoint.close();
        checkpoint.close();
        assertThatThrownBy(w::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void weightsCannotBeChangedAndMayBeReadByAnyThread(boolean mapped) throws Exception {
        try (Checkpoint checkpoint = Checkpoint.open(writeSmall("model.safetensors"), mapped)) {
            Tensor w = checkpoint.tensors().get("w");
            assertThat(w.data().isReadOnly()).isTrue();
            float[] read = new float[3];
            Thread thread = Thread.ofPlatform().start(() -> w.read(0, read, 0, 3));
            thread.join();
            assertThat(read).containsExactly(1f, 2f, 3f);
        }
    }
}

package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {
    private static final Path GOLDEN = CommandResult.TESTDATA.resolve("golden");
    private static final Path GROUPNORM = GOLDEN.resolve("T6_groupnorm");

    @TempDir
    Path folder;

    /** The same model in every format that it was stored in; the official library's model.safetensors is the oracle. */
    @ParameterizedTest
    @ValueSource(strings = {
        "T6_groupnorm", "T6_groupnorm/model.safetensors", "T6_groupnorm/pytorch_model.bin", "T6_groupnorm_sharded",
        "T6_groupnorm_sharded/pytorch_model.bin.index.json", "T6_groupnorm_sharded/wte_only.safetensors"
    })
    void writesTheSameTensors(String source) throws IOException {
        Path made = convert(GOLDEN.resolve(source));

        StoredTensors expected = StoredTensors.read(GROUPNORM.resolve("model.safetensors"));
        StoredTensors found = StoredTensors.read(made.resolve("model.safetensors"));
        assertThat(found.metadata()).isEqualTo(expected.metadata());
        assertThat(found.tensors().keySet()).containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
        expected.tensors().forEach(
                (name, tensor) -> assertThat(found.tensors().get(name)).usingRecursiveComparison().isEqualTo(tensor));
        assertThat(json(made, "config.json")).isEqualTo(json(GROUPNORM, "config.json"));
        assertThat(json(made, "t6j.json")).containsExactly(Map.entry("format", 1L), Map.entry("variant", "full"));
        assertThat(made).isDirectoryNotContaining("glob:**.partial");
    }

    @Test
    void copiesTheTokenizer() throws IOException {
        Path made = convert(Path.of(CommandResult.TINY), "--dtype", "bf16");

        assertThat(made.resolve("tokenizer.json"))
                .hasSameBinaryContentAs(Path.of(CommandResult.TINY, "tokenizer.json"));
    }

    /** Half a unit in the last place of bfloat16, relative; norms are unchanged. */
    @Test
    void convertsTypesAndWritesThemToConfig() throws IOException {
        Path made = convert(GROUPNORM, "--dtype", "bf16");

        assertThat(json(made, "config.json")).containsEntry("torch_dtype", "bfloat16").containsEntry("n_head", 3L);
        StoredTensors expected = StoredTensors.read(GROUPNORM.resolve("model.safetensors"));
        StoredTensors.read(made.resolve("model.safetensors")).tensors().forEach((name, tensor) -> {
            double[] values = expected.tensors().get(name).values();
            assertThat(tensor.dtype()).isEqualTo(tensor.shape().size() == 2 ? "BF16" : "F32");
            for (int i = 0; i < values.length; i++) {
                assertThat(tensor.values()[i]).isCloseTo(values[i], within(Math.abs(values[i]) * 0x1p-8));
            }
        });
    }

    /** Matrices become blocks, the last one padded, the rest f32; the golden model has a norm. */
    @ParameterizedTest
    @CsvSource({"q8_0, 32, 34, 0.0042", "q4_0, 32, 18, 0.13", "q4_k, 256, 144, 0.1", "q5_k, 256, 176, 0.05",
        "q6_k, 256, 210, 0.03"})
    void quantizesMatrices(String type, int blockSize, int blockBytes, double error) throws IOException {
        Path made = convert(GROUPNORM, "--dtype", type);

        StoredTensors exact = StoredTensors.read(GROUPNORM.resolve("model.safetensors"));
        StoredTensors found = StoredTensors.read(made.resolve("model.safetensors"));
        Map<String, Object> quantized = Json.parseObject(
                ((String) found.metadata().get("t6j.quantized")).getBytes(StandardCharsets.UTF_8), "t6j.quantized");
        StoredTensors back = StoredTensors.read(
                convert(made, folder.resolve("back"), "--dtype", "f32").resolve("model.safetensors"));
        assertThat(json(made, "config.json")).containsEntry("torch_dtype", "float32");
        assertThat(back.metadata()).isEqualTo(exact.metadata());
        exact.tensors().forEach((name, tensor) -> {
            if (tensor.shape().size() != 2) {
                assertThat(found.tensors().get(name)).usingRecursiveComparison().isEqualTo(tensor);
                assertThat(quantized).doesNotContainKey(name);
                return;
            }
            long inputs = (Long) tensor.shape().get(1);
            assertThat(found.tensors().get(name).dtype()).isEqualTo("U8");
            assertThat(found.tensors().get(name).shape())
                    .containsExactly(tensor.shape().get(0), (inputs + blockSize - 1) / blockSize * blockBytes);
            assertThat(quantized.get(name)).isEqualTo(Map.of("type", type, "shape", tensor.shape()));
            assertThat(back.tensors().get(name).shape()).isEqualTo(tensor.shape());
            double largest = Arrays.stream(tensor.values()).map(Math::abs).max().orElseThrow();
            assertThat(back.tensors().get(name).values()).containsExactly(tensor.values(), within(error * largest));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"q8_0", "q4_0", "q4_k", "q5_k", "q6_k"})
    void quantizedWeightsStayUnchanged(String type) throws IOException {
        Path made = convert(GROUPNORM, "--dtype", type);
        Path copied = convert(made, folder.resolve("copied"));
        Path same = convert(made, folder.resolve("same"), "--dtype", type);
        Path back = convert(made, folder.resolve("back"), "--dtype", "f32");
        Path again = convert(back, folder.resolve("again"), "--dtype", type);

        // the search for a K-quant's scales may find others for elements that are quantised already
        for (Path converted : type.endsWith("k") ? List.of(copied, same) : List.of(copied, same, again)) {
            assertThat(converted.resolve("model.safetensors"))
                    .hasSameBinaryContentAs(made.resolve("model.safetensors"));
        }
        CommandResult inspected = CommandResult.of("inspect", "--model", made.toString(), "--tensors");
        assertThat(inspected.code()).isZero();
        assertThat(inspected.out()).contains(type.toUpperCase(Locale.ROOT)).contains("F32");
    }

    @Test
    void numbersThatNoScaleHoldsAreAnErrorAndLeaveNothing() throws IOException {
        Path source = source(Tensor.of("lm_head.weight", new float[] {1, -9e6f}, 1, 2));

        assertFails(source, "lm_head.weight: expected numbers up to 8319008", "--dtype", "q8_0");
        assertFails(source, "lm_head.weight: expected numbers up to 524032", "--dtype", "q4_0");
        assertFails(source, "lm_head.weight: expected numbers up to 4126752", "--dtype", "q4_k");
    }

    @ParameterizedTest
    @ValueSource(strings = {"q8_0", "q4_0", "q4_k", "q5_k", "q6_k"})
    void nanIsNotQuantized(String type) throws IOException {
        Path source = source(Tensor.of("lm_head.weight", new float[] {1, Float.NaN}, 1, 2));

        assertFails(source, "lm_head.weight: expected finite numbers, found NaN at [0, 1], which " + type, "--dtype",
                type);
    }

    @Test
    void aScaleThatIsNanIsNotPassedOn() throws IOException {
        Path source = CommandResult.TESTDATA.resolve("hostile/nan-scale");

        assertFails(source, "lm_head.weight: expected finite scales, found NaN for the block from [0, 0] on");
        assertFails(source, "found NaN for the block from [0, 0] on", "--dtype", "f32");
    }

    @Test
    void aSourceThatIsCutShortMeanwhileIsNamed() throws Exception {
        Path source = source(Tensor.of("lm_head.weight", new float[] {1, 2}, 1, 2));
        long columns = 1 << 20;
        long rows = 128;
        byte[] header = ("{\"lm_head.weight\": {\"dtype\": \"F32\", \"shape\": [" + rows + ", " + columns
                + "], \"data_offsets\": [0, " + 4 * rows * columns + "]}}").getBytes(StandardCharsets.UTF_8);
        try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
            file.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
            file.write(header);
            file.setLength(8 + header.length + 4 * rows * columns);
        }
        Path made = folder.resolve("failed");
        FutureTask<CommandResult> conversion = new FutureTask<>(() -> run(source, made, "--dtype", "q4_0"));
        Thread.ofPlatform().start(conversion);
        while (!conversion.isDone() && !Files.exists(made.resolve("t6j.json"))) {
            Thread.onSpinWait();
        }
        try (FileChannel file = FileChannel.open(source, StandardOpenOption.WRITE)) {
            file.truncate(4096);
        }

        CommandResult ran = conversion.get();
        assertThat(ran.err())
                .startsWith("t6j: " + source + ": expected an unchanged file, found that another program cut it short")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(made).doesNotExist();
    }

    @Test
    void keepsTheTypeOfTheSource() throws IOException {
        Path made = convert(GOLDEN.resolve("T6_bf16weights"));

        assertThat(StoredTensors.read(made.resolve("model.safetensors")).tensors().values())
                .isNotEmpty().allSatisfy(tensor -> assertThat(tensor.dtype()).isEqualTo("BF16"));
    }

    @Test
    void takesPrefixesOffAndTiesTheEmbedding() throws IOException {
        Path source = source(
                Tensor.of("_orig_mod.transformer.wte.weight", new float[] {1, 2}, 1, 2),
                Tensor.of("_orig_mod.lm_head.weight", new float[] {1, 2}, 1, 2),
                Tensor.of("_orig_mod.transformer.h.0.attn.c_q.weight", new float[] {3, 4}, 2, 1));

        StoredTensors found = StoredTensors.read(convert(source).resolve("model.safetensors"));

        assertThat(found.tensors()).containsOnlyKeys("lm_head.weight", "transformer.h.0.attn.c_q.weight");
        assertThat(found.metadata()).containsEntry("transformer.wte.weight", "lm_head.weight");
    }

    @Test
    void refusesAnEmbeddingThatIsNotTied() throws IOException {
        Path source = source(
                Tensor.of("transformer.wte.weight", new float[] {1, 2}, 1, 2),
                Tensor.of("lm_head.weight", new float[] {1, 3}, 1, 2));

        assertFails(source, "lm_head.weight: expected the elements of transformer.wte.weight");
    }

    @Test
    void aNumberTooLargeForF16IsAnErrorAndLeavesNothing() throws IOException {
        Path source = source(Tensor.of("lm_head.weight", new float[] {1, -70000}, 1, 2));

        assertFails(source, "lm_head.weight: expected numbers up to 65504", "--dtype", "f16");
        convert(source, "--dtype", "bf16");
    }

    @Test
    void damagedWeightsLeaveNothing() throws IOException {
        Path source = source(Tensor.of("lm_head.weight", new float[] {1, 2}, 1, 2));
        Files.write(source, new byte[] {1, 2, 3});

        assertFails(source, source.toString());
    }

    @Test
    void aMissingConfigIsExplained() throws IOException {
        Path source = source(Tensor.of("lm_head.weight", new float[] {1, 2}, 1, 2));
        Files.delete(source.resolveSibling("config.json"));

        assertFails(source, "config.json, found no such file: name it with --config FILE");
        convert(source, "--config", GROUPNORM.resolve("config.json").toString());
    }

    @Test
    void aDecayBaseNeedsAVariant() throws IOException {
        Path source = GOLDEN.resolve("T6_partialrope_decay");

        assertFails(source, "rope_decay_base: choose --variant partialrope-decay or");
        assertThat(json(convert(source, "--variant", "partialrope-decay"), "t6j.json"))
                .containsEntry("variant", "partialrope-decay");
    }

    @Test
    void theVariantOfTheSourceStays() throws IOException {
        Path once = convert(GROUPNORM, "--variant", "linearattn");

        assertThat(json(convert(once, folder.resolve("twice")), "t6j.json")).containsEntry("variant", "linearattn");
    }

    @Test
    void aFolderThatHoldsAnythingIsRefused() throws IOException {
        Files.writeString(Files.createDirectory(folder.resolve("made")).resolve("precious"), "x");

        CommandResult ran = CommandResult.of("convert", GROUPNORM.toString(), folder.resolve("made").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("made: expected a new or empty folder, found precious").hasLineCount(1);
        assertThat(folder.resolve("made")).isDirectoryNotContaining("glob:**config.json");
    }

    @Test
    void aMissingSourceIsNamed() {
        assertFails(folder.resolve("nowhere"),
                "nowhere: expected a model's folder or a weight file, found no such file");
    }

    private Path source(Tensor... tensors) throws IOException {
        Path source = Files.createDirectory(folder.resolve("source"));
        Files.writeString(source.resolve("config.json"), "{}");
        Safetensors.write(source.resolve("weights.safetensors"), Map.of(), List.of(tensors));
        return source.resolve("weights.safetensors");
    }

    private Path convert(Path source, String... options) {
        return convert(source, folder.resolve("made"), options);
    }

    private Path convert(Path source, Path made, String... options) {
        run(source, made, options).assertMade(made);
        return made;
    }

    private void assertFails(Path source, String message, String... options) {
        Path made = folder.resolve("failed");
        CommandResult ran = run(source, made, options);
        assertThat(ran.err()).startsWith("t6j: ").contains(message).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(made).doesNotExist();
    }

    private static CommandResult run(Path source, Path made, String... options) {
        List<String> args = new ArrayList<>(List.of("convert", source.toString(), made.toString()));
        args.addAll(List.of(options));
        return CommandResult.of(args.toArray(String[]::new));
    }

    private static Map<String, Object> json(Path model, String name) throws IOException {
        return Json.parseObject(Files.readAllBytes(model.resolve(name)), name);
    }
}

package io.github.t6j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.TestData.GoldenModel;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares values inside the first block with the official code's activations. */
class BlockTest {
    /** Absolute tolerance up to 1, relative above: attention without a softmax gives values in the hundreds. */
    private static final double TOLERANCE = 1e-4;

    static List<GoldenModel> models() {
        return TestData.goldenModels().stream()
                .filter(golden -> Files.exists(golden.folder().resolve("taps.safetensors")))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("models")
    void firstBlock(GoldenModel golden) {
        Path folder = golden.weights();
        try (Workers workers = new Workers(2);
                Arena arena = Arena.ofShared();
                Checkpoint checkpoint = Checkpoint.open(folder, false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), golden.name());
            Map<String, Object> json = TestData.json("golden/" + golden.name() + "/config.json");
            ModelConfig config = Families.describe(tensors, ModelMetadata.of(json, golden.variant()));
            Transformer model =
                    Families.load(tensors, config, KernelChoice.kernels(), workers, arena, (done, total) -> {});
            for (boolean materialized : new boolean[] {false, true}) {
                firstBlock(golden, model, materialized);
            }
        }
    }

    private void firstBlock(GoldenModel golden, Transformer model, boolean materialized) {
        ModelConfig config = model.config();
        int rows = golden.ids().length;
        try (SequenceCache cache = model.newCache(Format.F32, materialized)) {
            AttentionAlgorithm algorithm = model.newAlgorithm(materialized, Arena.ofAuto());
            algorithm.bind(cache);
            Activations a = new Activations(model, rows);
            a.attentionPass.rows = rows;
            cache.reserve(0, rows);
            double[] blockIn = tap(golden, "block_in");
            for (int i = 0; i < blockIn.length; i++) {
                a.x[i] = (float) blockIn[i];
            }
            for (int row = 0; row < rows; row++) {
                model.rope.table(row, a.attentionPass.cos, a.attentionPass.sin, a.attentionPass.tableAt(row));
            }
            model.weights.blocks()[0].forward(algorithm, a);

            int width = a.width;
            compare(golden, "attn_y", a.attentionPass.output, 0,
                    config.attention().heads() * model.attention().valueDim(),
                    rows);
            compare(golden, "mlp_in", a.normed, 0, width, rows);
            compare(golden, "mlp_hidden", a.hidden, 0, config.sizes().hidden(), rows);
            compare(golden, "block_out", a.x, 0, width, rows);
            comparePadded(golden, "mlp_out", a.update, a.updateStride, 0, width, rows);
            projections(golden, model, a, rows);
        }
    }

    /** Compares queries, keys and values, or their factors, in the order of the projection's rows. */
    private void projections(GoldenModel golden, Transformer model, Activations a, int rows) {
        ModelConfig config = model.config();
        int d = config.attention().headDim();
        int h = config.attention().heads();
        int at = 0;
        if (config.attention() instanceof LatentConfig) {
            latentProjections(golden, model, a, rows);
            return;
        }
        AttentionConfig heads = config.attention();
        if (!(heads instanceof TpaConfig form)) {
            comparePadded(golden, "q", a.attentionPass.projections, a.attentionPass.stride, 0, h * d, rows);
            return;
        }
        String query = form.queryRank() > 0 ? "B_q" : "q";
        int[] widths = {(form.queryRank() > 0 ? form.queryRank() : h) * d, form.keyRank() * d,
            h * form.keyRank(), h * form.valueRank(), form.valueRank() * d, h * form.queryRank()};
        String[] names = {query, "B_k", "A_k", "A_v", "B_v", "A_q"};
        for (int i = 0; i < names.length; i++) {
            if (widths[i] > 0 && !golden.name().contains("ropek")) {
                comparePadded(golden, names[i], a.attentionPass.projections, a.attentionPass.stride, at, widths[i],
                        rows);
            }
            at += widths[i];
        }
    }

    /** Compares whole queries, and keys and values rebuilt from the latents. */
    private void latentProjections(GoldenModel golden, Transformer model, Activations a, int rows) {
        Attention attention = model.attention();
        double[] q = tap(golden, "q");
        double[] k = tap(golden, "k");
        double[] v = tap(golden, "v");
        double[] vector = new double[attention.headDim()];
        double[] value = new double[attention.valueDim()];
        MaterializedHeads heads = attention.materialized();
        Page page = Page.allocate(heads.layout(), Format.F32, Arena.ofAuto());
        for (int row = 0; row < rows; row++) {
            heads.append(a.attentionPass.projections, row * a.attentionPass.stride, page, row);
            for (int head = 0; head < attention.heads(); head++) {
                int vectorAt = (row * attention.heads() + head) * vector.length;
                heads.materializeQuery(a.attentionPass.projections, row * a.attentionPass.stride, head, vector);
                assertThat(vector).containsExactly(slice(q, vectorAt, vector.length), within(TOLERANCE));
                heads.materializeKey(page, row, row, head, vector);
                assertThat(vector).containsExactly(slice(k, vectorAt, vector.length), within(TOLERANCE));
                heads.materializeValue(page, row, row, head, value);
                int valueAt = (row * attention.heads() + head) * value.length;
                assertThat(value).containsExactly(slice(v, valueAt, value.length), within(TOLERANCE));
            }
        }
    }

    private static double[] slice(double[] all, int from, int count) {
        return Arrays.copyOfRange(all, from, from + count);
    }

    private static double[] tap(GoldenModel golden, String name) {
        return TestData.doubles("golden/" + golden.name() + "/taps.safetensors", name);
    }

    private static void compare(GoldenModel golden, String name, float[] found, int at, int width, int rows) {
        comparePadded(golden, name, found, width, at, width, rows);
    }

    private static void comparePadded(
            GoldenModel golden, String name, float[] found, int stride, int at, int width, int rows) {
        double[] expected = tap(golden, name);
        assertThat(expected).as(name).hasSize(rows * width);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                assertThat((double) found[row * stride + at + i])
                        .as(name + " row " + row + " number " + i)
                        .isCloseTo(expected[row * width + i],
                                within(TOLERANCE * Math.max(1, Math.abs(expected[row * width + i]))));
            }
        }
    }
}

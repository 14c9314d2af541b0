package io.github.t6j.model;

import io.github.t6j.LoadListener;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.layers.LayerKinds;
import io.github.t6j.attention.layers.OutputGate;
import io.github.t6j.attention.linear.LinearAttention;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.ConvertedMatrices;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/** Loads a {@link Transformer} from a checkpoint's tensors: packs each tensor for the kernels, by its role. */
public final class TransformerLoader {
    /**
     * Limit of packed bytes per stored byte: 4-bit weights become 32-bit if they are packed with a 32-bit tensor, and
     * matrices are padded to panels of 64 rows.
     */
    private static final long GROWTH = 8;
    private static final long ALWAYS = 256 << 20;

    /** Bytes of weights that take as long to load as a kernel takes to compile. */
    private static final long LARGE = 64 << 20;

    private final NamedTensors tensors;
    private final ModelConfig config;
    private final TensorReader reader;
    private final Workers workers;
    private final Arena arena;
    private SegmentAllocator matrices; // one piece of arena for all matrices, since small pieces get no huge pages
    private final List<Map<TensorRole, List<Tensor>>> layers = new ArrayList<>();
    private final Map<TensorRole, List<Tensor>> outside = new EnumMap<>(TensorRole.class);
    private final NativeMemory copies = NativeMemory.shared(); // for vectors, until loading ends
    private final LoadListener progress;
    private final Thread thread = Thread.currentThread();
    private final LongAdder done = new LongAdder(); // stored bytes of the rows read so far
    private long stored;
    private final CRC32C checksum = new CRC32C(); // of adapters and unpacked weights, for the fingerprint

    private TransformerLoader(
            NamedTensors tensors, ModelConfig config, Workers workers, Arena arena, LoadListener progress) {
        this.progress = progress;
        this.tensors = tensors;
        reader = new WatchedReader();
        this.config = config;
        this.workers = workers;
        this.arena = arena;
        checksum.update(tensors.changes());
        for (int layer = 0; layer < config.sizes().layers(); layer++) {
            layers.add(new EnumMap<>(TensorRole.class));
        }
    }

    /**
     * Packs the tensors into {@code arena}; the tensors are not needed afterwards.
     *
     * @param specs the tensors of a model of {@code config}, as its family lists them
     * @param progress receives the stored bytes that are packed
     * @throws io.github.t6j.ModelFormatException if a tensor is missing, has the wrong shape, or is unknown
     */
    public static Transformer load(
            NamedTensors tensors, ModelConfig config, List<TensorSpec> specs, Kernels kernels, Workers workers,
            Arena arena, LoadListener progress) {
        TransformerLoader loader = new TransformerLoader(tensors, config, workers, arena, progress);
        for (TensorSpec spec : specs) {
            Map<TensorRole, List<Tensor>> group =
                    spec.layer() == TensorSpec.NO_LAYER ? loader.outside : loader.layers.get(spec.layer());
            group.computeIfAbsent(spec.role(), role -> new ArrayList<>()).add(tensors.get(spec));
        }
        tensors.checkAllUsed(specs, config.family());
        long packed = loader.checkedBytes();
        loader.matrices = SegmentAllocator.slicingAllocator(arena.allocate(packed, PackedMatrix.ALIGNMENT));
        if (packed > LARGE) {
            PackedMatrix.announce(loader.outside.get(TensorRole.EMBEDDING), tensors.reader(), kernels);
        }
        return loader.transformer(kernels);
    }

    /** Returns the bytes of the packed weights, after checking that they fit in memory and within {@link #GROWTH}. */
    private long checkedBytes() {
        long packed = 0;
        List<Map<TensorRole, List<Tensor>>> groups = new ArrayList<>(layers);
        groups.add(outside);
        for (Map<TensorRole, List<Tensor>> group : groups) {
            for (Map.Entry<TensorRole, List<Tensor>> role : group.entrySet()) {
                stored += role.getValue().stream().mapToLong(part -> part.data().byteSize()).sum();
                packed += packedBytes(role.getKey(), role.getValue());
            }
        }
        if (packed > GROWTH * stored + ALWAYS) {
            throw new ModelFormatException(
                    tensors.where() + ": expected weights of " + stored + " bytes to take at most "
                            + (GROWTH * stored + ALWAYS) + " in memory, found " + packed
                            + ": no model has matrices with so few rows");
        }
        long available = NativeMemory.availableFor(packed);
        if (packed > available) {
            throw new MemoryLimitException("the weights of " + tensors.where(), packed, available,
                    "use a smaller model, or weights of 16, 8 or 4 bits");
        }
        return packed;
    }

    private long packedBytes(TensorRole role, List<Tensor> parts) {
        if (parts.getFirst().shape().size() != 2 || isReadAsFloats(role)) {
            return 0;
        }
        return matrices(role, parts).stream()
                .mapToLong(matrix -> PackedMatrix.packedBytes(matrix, reader(role, matrix)))
                .sum();
    }

    private static boolean isReadAsFloats(TensorRole role) {
        return switch (role) {
            case KEY_VALUE_UP, KEY_VALUE_UP_INPUTS_FIRST, SHARED_GATE, HEAD_NORM -> true;
            default -> false;
        };
    }

    /** Returns the reader of a role's matrices: the rows of a router are not rounded, so its weights become f32. */
    private TensorReader reader(TensorRole role, List<Tensor> parts) {
        return role == TensorRole.ROUTER && reader.dtype(parts.getFirst()).isQuantized()
                ? new ConvertedMatrices(reader, DType.F32, name -> false)
                : reader;
    }

    /**
     * Returns the tensors of each matrix: those of each expert, runs of the same type, or all tensors of the role.
     */
    private List<List<Tensor>> matrices(TensorRole role, List<Tensor> parts) {
        if (role == TensorRole.PROJECTIONS) {
            return runs(parts);
        }
        if (role != TensorRole.EXPERT_GATE_UP && role != TensorRole.EXPERT_DOWN) {
            return List.of(parts);
        }
        int each = parts.size() / config.experts().count();
        return IntStream.range(0, config.experts().count())
                .mapToObj(expert -> parts.subList(expert * each, (expert + 1) * each)).toList();
    }

    /** Splits tensors into runs of the same type. */
    private List<List<Tensor>> runs(List<Tensor> parts) {
        List<List<Tensor>> runs = new ArrayList<>();
        for (int from = 0, to; from < parts.size(); from = to) {
            to = from + 1;
            while (to < parts.size() && reader.dtype(parts.get(to)) == reader.dtype(parts.get(from))) {
                to++;
            }
            runs.add(parts.subList(from, to));
        }
        return runs;
    }

    private Transformer transformer(Kernels kernels) {
        SharedPages shared = new SharedPages(new Rope(config.rope()), arena);
        Block[] blocks = new Block[layers.size()];
        LayerKinds kinds = new LayerKinds();
        try (copies) {
            for (int layer = 0; layer < blocks.length; layer++) {
                blocks[layer] = block(new Layer(this, layer, layers.get(layer)), kinds, shared);
            }
            Layer rest = new Layer(this, TensorSpec.NO_LAYER, outside);
            RmsNorm outputNorm = config.blocks().outputNorm() ? norm(rest, TensorRole.OUTPUT_NORM) : null;
            PackedMatrix embedding = rest.packed(TensorRole.EMBEDDING);
            PackedMatrix output = outside.containsKey(TensorRole.OUTPUT) ? rest.packed(TensorRole.OUTPUT) : embedding;
            float[] factors = config.blocks().cosineLogits()
                    ? logitFactors(output, rest.floats(TensorRole.LOGIT_TEMPERATURE)[0])
                    : null;
            var weights = new Transformer.Weights(
                    embedding, blocks, outputNorm, output, factors, checksum.getValue());
            progress.onProgress(stored, stored);
            return new Transformer(config, weights, kinds, shared, kernels, workers);
        }
    }

    /** Reads rows, and reports the progress of rows that the loading thread reads itself. */
    private final class WatchedReader implements TensorReader {
        private final TensorReader source = tensors.reader();

        @Override
        public DType dtype(Tensor tensor) {
            return source.dtype(tensor);
        }

        @Override
        public Tensor rows(Tensor tensor, long first, long count, Arena memory) {
            Tensor rows = source.rows(tensor, first, count, memory);
            done.add(tensor.data().byteSize() / tensor.rowCount() * count);
            if (Thread.currentThread() == thread) {
                progress.onProgress(Math.min(done.sum(), stored), stored); // a few families read a tensor twice
            }
            return rows;
        }
    }

    /** Returns the factors that turn products with the rows of {@code output} into cosines times e^temperature. */
    private static float[] logitFactors(PackedMatrix output, float temperature) {
        float[] factors = new float[output.outputs()];
        float[] row = new float[output.inputs()];
        for (int id = 0; id < factors.length; id++) {
            output.row(id, row, 0);
            factors[id] = (float) (StrictMath.exp(temperature) / Transformer.length(row, 0, row.length));
        }
        return factors;
    }

    private Block block(Layer weights, LayerKinds kinds, SharedPages shared) {
        float[] headGain = weights.floats(TensorRole.HEAD_NORM);
        Attention attention = config.attention().attention(weights, shared);
        if (config.linear()) {
            attention = new LinearAttention((DenseHeads) attention);
        }
        return new Block(
                kinds.add(attention), inputNorm(weights, TensorRole.ATTENTION_NORM),
                config.attention().projection(weights),
                attention,
                weights.parts.containsKey(TensorRole.OUTPUT_GATE)
                        ? new OutputGate(weights.packed(TensorRole.OUTPUT_GATE))
                        : null,
                headGain == null || attention.finishes() ? null : new Block.HeadNorm(headGain),
                weights.packed(TensorRole.ATTENTION_OUTPUT), weights.floats(TensorRole.ATTENTION_OUTPUT_BIAS),
                optionalNorm(weights, TensorRole.ATTENTION_POST_NORM),
                inputNorm(weights, TensorRole.FEED_FORWARD_NORM), feedForward(weights),
                optionalNorm(weights, TensorRole.FEED_FORWARD_POST_NORM),
                rotation(weights, TensorRole.MIXER_ROTATION), rotation(weights, TensorRole.FEED_FORWARD_ROTATION));
    }

    private RowOperation inputNorm(Layer weights, TensorRole role) {
        float scale = config.blocks().inputScale(weights.layer());
        return config.blocks().rotates() ? new RmsNorm.Copy(scale) : norm(weights, role).times(scale);
    }

    private static Rotation rotation(Layer weights, TensorRole role) {
        float[] scaleAndBias = weights.floats(role);
        return scaleAndBias == null ? null : new Rotation(scaleAndBias[0], scaleAndBias[1], weights.layer() + 1);
    }

    private FeedForward feedForward(Layer weights) {
        if (!config.hasExperts(weights.layer())) {
            return new GatedFeedForward(
                    weights.packed(TensorRole.GATE_UP), weights.floats(TensorRole.GATE_UP_BIAS),
                    weights.packed(TensorRole.DOWN), weights.floats(TensorRole.DOWN_BIAS),
                    config.scales().activation());
        }
        ModelConfig.LatentExperts latent = config.blocks().latent();
        if (latent != null) {
            return new Experts(
                    weights.packed(TensorRole.ROUTER), weights.packedEach(TensorRole.EXPERT_GATE_UP),
                    weights.packedEach(TensorRole.EXPERT_DOWN), config.experts().used(), sigmoid(weights, latent));
        }
        return new Experts(
                weights.packed(TensorRole.ROUTER), weights.packedEach(TensorRole.EXPERT_GATE_UP),
                weights.packedEach(TensorRole.EXPERT_DOWN), config.experts().used(), config.experts().normalised());
    }

    private Experts.Sigmoid sigmoid(Layer weights, ModelConfig.LatentExperts latent) {
        boolean hasLatent = latent.width() > 0;
        return new Experts.Sigmoid(
                weights.floats(TensorRole.ROUTER_BIAS), latent.scale(),
                hasLatent ? weights.packed(TensorRole.EXPERT_LATENT) : null,
                hasLatent ? weights.packed(TensorRole.EXPERT_LATENT_UP) : null,
                latent.shared() == 0
                        ? null
                        : new GatedFeedForward(
                                weights.packed(TensorRole.SHARED_UP), null, weights.packed(TensorRole.SHARED_DOWN),
                                null, config.scales().activation()),
                weights.floats(TensorRole.SHARED_GATE));
    }

    private RmsNorm optionalNorm(Layer weights, TensorRole role) {
        return weights.parts.containsKey(role) ? norm(weights, role) : null;
    }

    private RmsNorm norm(Layer weights, TensorRole role) {
        return new RmsNorm(weights.floats(role), config.norms().epsilon());
    }

    /** Tensors of a layer, or tensors outside the layers. */
    private record Layer(TransformerLoader loader, int layer, Map<TensorRole, List<Tensor>> parts)
            implements
                LayerWeights {
        @Override
        public PackedMatrix packed(TensorRole role) {
            checkInterrupt();
            return pack(role, parts.get(role));
        }

        @Override
        public PackedMatrix[] packedEach(TensorRole role) {
            checkInterrupt();
            return loader.matrices(role, parts.get(role)).stream().map(matrix -> pack(role, matrix))
                    .toArray(PackedMatrix[]::new);
        }

        private PackedMatrix pack(TensorRole role, List<Tensor> matrix) {
            return PackedMatrix.pack(matrix, loader.reader(role, matrix), loader.matrices, loader.workers);
        }

        private void checkInterrupt() {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException(loader.tensors.where() + ": loading was interrupted");
            }
        }

        @Override
        public float[] floats(TensorRole role) {
            if (!parts.containsKey(role)) {
                return null;
            }
            long count = parts.get(role).stream().mapToLong(Tensor::elementCount).sum();
            float[] floats = new float[Math.toIntExact(count)];
            int at = 0;
            for (Tensor part : parts.get(role)) {
                int elements = Math.toIntExact(part.elementCount());
                loader.reader.whole(part, loader.copies).read(0, floats, at, elements);
                at += elements;
            }
            float offset = loader.config.scales().gainOffset();
            if (TensorSpec.isGain(role) && offset != 0f) {
                for (int i = 0; i < floats.length; i++) {
                    floats[i] += offset;
                }
            }
            ByteBuffer bytes = ByteBuffer.allocate(floats.length * Float.BYTES);
            bytes.asFloatBuffer().put(floats);
            loader.checksum.update(bytes);
            return floats;
        }

        @Override
        public Arena arena() {
            return loader.arena;
        }
    }
}

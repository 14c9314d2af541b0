import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;

/** Jlama, with its command line's defaults: f32 activations, rounded to 8 bits for products with quantised weights. */
final class JlamaPeer implements PeerLoop {
    private final AbstractModel model;
    private final String weights;
    private final KvBufferCache.KvBuffer cache;
    private final AbstractTensor logits;
    private int position;

    private JlamaPeer(File folder, String type, int threads) {
        Optional<DType> quantised = switch (type) {
            case "bf16" -> Optional.empty();
            case "q4_0" -> Optional.of(DType.Q4);
            default -> throw new IllegalArgumentException("type: expected bf16 or q4_0, found " + type);
        };
        // with I8 in products its Java kernels would not multiply weights that stay in bf16
        model = ModelSupport.loadModel(folder, null, DType.F32, DType.F32, quantised, Optional.of(threads));
        weights = "safetensors in bf16" + quantised.map(own -> ", quantised to " + own + " at load").orElse("");
        cache = new KvBufferCache(model).getEphemeralKvBuffer();
        logits = model.makeDenseTensor(model.getConfig().vocabularySize);
    }

    @Override
    public String description() {
        return String.join("\t", TensorOperationsProvider.get().name() + ", activations f32", weights, "f32");
    }

    @Override
    public void truncate(int newPosition) {
        position = newPosition; // keys and values are overwritten from here on
    }

    @Override
    public void read(int[] ids) {
        try (AbstractTensor all = model.batchForward(ids, position, cache)) {
            position += ids.length;
            model.sample(all.slice(all.shape().first() - 1), 0, 0, logits);
        }
    }

    @Override
    public void write(int id) {
        read(new int[] {id});
    }

    @Override
    public float[] logits() {
        float[] copy = new float[model.getConfig().vocabularySize];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = logits.get(0, i);
        }
        return copy;
    }

    /** @param args folder of the model, type of the weights, number of threads */
    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // for messages of the engine
        PeerLoop.run(new JlamaPeer(new File(args[0]), args[1], Integer.parseInt(args[2])), out);
    }
}

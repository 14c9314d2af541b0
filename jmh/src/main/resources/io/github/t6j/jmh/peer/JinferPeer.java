import com.qxotic.jam.JAM;
import com.qxotic.jinfer.Batch;
import com.qxotic.jinfer.ContextState;
import com.qxotic.jinfer.Views;
import com.qxotic.jinfer.chat.LoadedModel;
import com.qxotic.jinfer.chat.Models;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** jinfer, as its own benchmark drives it: prompts in batches of 512, the logits after each call. */
final class JinferPeer<S extends ContextState> implements PeerLoop {
    private static final int BATCH = 512;

    private final LoadedModel<S> loaded;
    private final S state;

    private JinferPeer(LoadedModel<S> loaded, int contextLength) {
        this.loaded = loaded;
        state = loaded.model().newState(contextLength, BATCH);
    }

    @Override
    public String description() {
        String products = JAM.providers().stream().map(JAM.Provider::id).collect(Collectors.joining(", "));
        return String.join("\t", "backends of products, the first preferred: " + products + "; batches of " + BATCH,
                "the same GGUF file", "f16");
    }

    @Override
    public void truncate(int position) {
        if (position == 0) {
            state.reset();
        } else {
            state.resumeAt(position);
        }
    }

    @Override
    public void read(int[] ids) {
        for (Batch batch : Batch.prepare(List.of(Batch.prefill(ids)), state.batchCapacity())) {
            loaded.model().ingest(state, batch);
        }
        logits();
    }

    @Override
    public void write(int id) {
        loaded.model().ingest(state, Batch.step(id));
        logits();
    }

    @Override
    public float[] logits() {
        return Views.toFloatArray(Views.castToSegmentBacked(loaded.model().logits(state), "logits"), "logits");
    }

    @SuppressWarnings("unchecked") // of a type that only the loader knows
    private static JinferPeer<?> open(Path file, int contextLength) throws IOException {
        return new JinferPeer<>((LoadedModel<ContextState>) Models.load(file, Arena.ofAuto(), Map.of()), contextLength);
    }

    /** @param args GGUF file, type of the weights, number of threads, context length */
    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // for messages of the engine
        int threads = Integer.parseInt(args[2]);
        System.setProperty("jinfer.decodeThreads", args[2]);
        System.setProperty("java.util.concurrent.ForkJoinPool.common.parallelism",
                Integer.toString(Math.max(1, threads - 1)));
        PeerLoop.run(open(Path.of(args[0]), Integer.parseInt(args[3])), out);
    }
}

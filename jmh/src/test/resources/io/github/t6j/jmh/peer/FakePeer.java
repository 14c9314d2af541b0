import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;

/** An engine whose logits are the number of its tokens, their sum, and the number of calls that fed them. */
final class FakePeer implements PeerLoop {
    private final int[] tokens = new int[10000];
    private final String options;
    private int length;
    private int calls;

    private FakePeer(String options) {
        this.options = options;
    }

    @Override
    public String description() {
        return options + "\tnone\tf64";
    }

    @Override
    public void truncate(int position) {
        length = position;
        calls = 0;
    }

    @Override
    public void read(int[] ids) {
        System.arraycopy(ids, 0, tokens, length, ids.length);
        length += ids.length;
        calls++;
    }

    @Override
    public void write(int id) {
        read(new int[] {id});
    }

    @Override
    public float[] logits() {
        return new float[] {length, Arrays.stream(tokens, 0, length).sum(), calls};
    }

    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err);
        if (args[1].equals("broken")) {
            throw new IllegalStateException("cannot read " + args[0]);
        }
        System.out.println("a message of the engine"); // not an answer
        PeerLoop.run(new FakePeer(String.join(" ", args) + System.getProperty("fake")), out);
    }
}

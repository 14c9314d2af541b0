import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Answers the commands of io.github.t6j.jmh.peer.PeerProcess, one a line, in a process of its own. java compiles this
 * file with that of an engine when it starts them; the build does not, since it has no other engine's jars.
 */
interface PeerLoop {
    /** Returns options, weights and cache, separated by tabs. The options of native kernels have the word native. */
    String description();

    /** Forgets the tokens from {@code position} on. */
    void truncate(int position);

    /** Feeds all ids at once, and computes the logits after the last. */
    void read(int[] ids);

    /** Feeds one id, and computes the logits after it. */
    void write(int id);

    /** Returns the logits after the last id. */
    float[] logits();

    /** Reads commands until the end of standard input. @param out the process's standard output */
    static void run(PeerLoop engine, PrintStream out) throws IOException {
        out.println("ready\t" + engine.description());
        out.flush();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        int depth = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            int[] numbers = Arrays.stream(words).skip(1).mapToInt(Integer::parseInt).toArray();
            switch (words[0]) {
                case "fill" -> {
                    depth = numbers.length;
                    engine.truncate(0);
                    for (int from = 0; from < depth; from += 512) {
                        engine.read(Arrays.copyOfRange(numbers, from, Math.min(depth, from + 512)));
                    }
                    out.println("ok");
                }
                case "read" -> {
                    engine.read(numbers);
                    out.println("ok");
                }
                case "write" -> {
                    for (int id : numbers) {
                        engine.write(id);
                    }
                    out.println("ok");
                }
                case "rewind" -> {
                    engine.truncate(depth);
                    out.println("ok");
                }
                case "logits" -> {
                    StringBuilder text = new StringBuilder("ok");
                    for (float logit : engine.logits()) {
                        text.append(' ').append(Integer.toHexString(Float.floatToRawIntBits(logit)));
                    }
                    out.println(text);
                }
                default -> throw new IllegalArgumentException("no command " + words[0]);
            }
            out.flush();
        }
    }
}

package io.github.t6j.jmh.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model in another Java engine: its program, a source file among the resources, reads commands and answers each with
 * a line.
 */
final class PeerProcess implements PeerModel {
    private final String engine;
    private final String model;
    private final int vocabulary;
    private final Process process;
    private final PrintStream commands;
    private final BufferedReader answers;
    private final PeerDescription description;

    private PeerProcess(PeerEngine engine, String model, Process process) throws IOException {
        this.engine = engine.name();
        this.model = model;
        vocabulary = PeerShape.of(model).vocabulary();
        this.process = process;
        commands = new PrintStream(process.getOutputStream(), false, StandardCharsets.US_ASCII);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        description = PeerDescription.of(engine, engine.version(), answer("ready\t").split("\t"));
    }

    /**
     * Starts an engine.
     *
     * @param sources folder for its program
     * @param file model in the format that the engine reads
     */
    static PeerProcess start(PeerEngine engine, Path sources, String model, String type, Path file, PeerPlan plan)
            throws IOException {
        for (String source : List.of("PeerLoop.java", engine.source())) {
            try (InputStream text = PeerProcess.class.getResourceAsStream(source)) {
                Files.write(sources.resolve(source), text.readAllBytes());
            }
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--enable-preview",
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", engine.option()));
        Path inlining = Path.of(engine.jars(), "hotspot_compiler"); // jinfer's own options of C2
        if (Files.exists(inlining)) {
            command.add("-XX:CompileCommand=quiet"); // else the JVM prints them among the answers
            command.add("-XX:CompileCommandFile=" + inlining);
        }
        command.addAll(List.of("-cp", Path.of(engine.jars(), "*").toString(),
                sources.resolve(engine.source()).toString(), file.toString(), type, Integer.toString(plan.threads()),
                Integer.toString(plan.contextLength())));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("JAM_NUM_THREADS", Integer.toString(plan.threads())); // of jinfer's native library
        Process process = builder.start();
        try {
            return new PeerProcess(engine, model, process);
        } catch (IOException | RuntimeException failure) {
            process.destroy();
            throw failure;
        }
    }

    private String answer(String expected) {
        try {
            String line = answers.readLine();
            if (line == null || !line.startsWith(expected)) {
                throw new IllegalStateException(engine + ", " + model + ": expected the answer " + expected.strip()
                        + ", found " + (line == null ? "the end of its output" : line)
                        + "; see its messages above");
            }
            return line.substring(expected.length());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private String call(String command, int... ids) {
        commands.println(IntStream.of(ids).mapToObj(id -> " " + id).collect(Collectors.joining("", command, "")));
        commands.flush();
        return answer("ok");
    }

    /** Returns what the engine reported of itself. */
    @Override
    public PeerDescription description() {
        return description;
    }

    @Override
    public String engine() {
        return engine;
    }

    @Override
    public String model() {
        return model;
    }

    @Override
    public String cache() {
        return description.cache();
    }

    @Override
    public boolean isWarm() {
        return true; // unknown: runs that agree end the warm-up
    }

    @Override
    public void fill(int depth) {
        call("fill", PeerModel.ids(depth, vocabulary));
    }

    @Override
    public void read(int[] ids) {
        call("read", ids);
    }

    @Override
    public void write(int[] ids) {
        call("write", ids);
    }

    @Override
    public float[] logits(int[] ids) {
        read(ids);
        return toFloats(call("logits").strip().split(" "));
    }

    private static float[] toFloats(String[] words) {
        float[] floats = new float[words.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Float.intBitsToFloat(Integer.parseUnsignedInt(words[i], 16));
        }
        return floats;
    }

    @Override
    public void rewind() {
        call("rewind");
    }

    @Override
    public void close() {
        commands.close(); // the program ends at the end of its input
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}

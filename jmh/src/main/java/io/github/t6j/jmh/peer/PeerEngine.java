package io.github.t6j.jmh.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Another Java engine, which runs in a process of its own.
 *
 * @param name name in tables, such as {@code jlama}
 * @param source source file of its program, next to this class
 * @param jars folder of its jars
 * @param option option of its JVM that chooses its kernels
 */
record PeerEngine(String name, String source, String jars, String option) {
    /** Returns Jlama, without and with its native kernels. */
    static List<PeerEngine> jlama(String jars) {
        String source = "JlamaPeer.java";
        return List.of(new PeerEngine("jlama", source, jars, "-Djlama.force_panama_tensor_operations=true"),
                new PeerEngine("jlama native", source, jars, "-Djlama.force_panama_tensor_operations=false"));
    }

    /** Returns jinfer, without and with its native library. */
    static List<PeerEngine> jinfer(String jars) {
        String source = "JinferPeer.java";
        return List.of(new PeerEngine("jinfer", source, jars, "-Djam.native.disabled=true"),
                new PeerEngine("jinfer native", source, jars, "-Djam.native.disabled=false"));
    }

    /** Returns the text of the file {@code version} among the jars, which .ci/java-peers writes. */
    String version() throws IOException {
        Path file = Path.of(jars, "version");
        return Files.exists(file) ? Files.readString(file).strip() : "of unknown version";
    }

    boolean isNative() {
        return name.endsWith(" native");
    }

    boolean isJlama() {
        return source.startsWith("Jlama");
    }

    /** Returns true if the engine has this model in this type. */
    boolean runs(String model, String type) {
        return !model.equals("t6") && (!isJlama()
                || List.of("bf16", "q4_0").contains(type) && PeerShape.of(model).isSquare());
    }
}

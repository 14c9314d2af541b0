package io.github.t6j.jmh.peer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of {@code report --peer}. */
public final class PeerOptions {
    private static final int PROMPT = 512;
    private static final int TOKENS = 32;

    @Option(names = "--peer", required = true, paramLabel = "DIR",
            description = "Measure t6j and llama.cpp, whose library is in DIR, alternately; needs --out.")
    private Path library;

    @Option(names = "--models", paramLabel = "NAME", split = ",", defaultValue = "t6,mha,gqa",
            description = "With --peer: t6, mha and gqa, of 124 M parameters each, and smollm2-135m and qwen2-0.5b, of "
                    + "these models' sizes (default: ${DEFAULT-VALUE}).")
    private List<String> models;

    @Option(names = "--types", paramLabel = "TYPE", split = ",", defaultValue = "bf16,q8_0,q4_0",
            description = "With --peer: types of the weights: f16, bf16, q8_0, q6_k, q5_k_m, q4_k_m, q4_0 (default: "
                    + "${DEFAULT-VALUE}). The t6 has no k types.")
    private List<String> types;

    @Option(names = "--depths", paramLabel = "N", split = ",", defaultValue = "128,1024",
            description = "With --peer: tokens in the cache before decoding (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "5",
            description = "With --peer: measurements of each test (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--jlama", paramLabel = "DIR",
            description = "With --peer: also measure Jlama, whose jars are in DIR, without and with its native "
                    + "kernels, in processes of their own. It has mha, smollm2-135m and qwen2-0.5b in bf16 and q4_0.")
    private Path jlama;

    @Option(names = "--jinfer", paramLabel = "DIR",
            description = "With --peer: the same for jinfer, whose jars and hotspot_compiler are in DIR. It has all "
                    + "GGUF files.")
    private Path jinfer;

    /** Returns the plan. @throws IllegalArgumentException if an option has a wrong value */
    public PeerPlan plan() {
        return new PeerPlan(library.toAbsolutePath().toString(), models, types, PROMPT, depths, TOKENS, rounds,
                Runtime.getRuntime().availableProcessors(), folder("--jlama", jlama), folder("--jinfer", jinfer));
    }

    private static String folder(String option, Path jars) {
        if (jars != null && !Files.isDirectory(jars)) {
            throw new IllegalArgumentException(option + ": expected a folder of jars, found " + jars
                    + "; .ci/java-peers makes it");
        }
        return jars == null ? null : jars.toAbsolutePath().toString();
    }
}

package io.github.t6j.jmh.peer;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tests of t6j, llama.cpp and other Java engines.
 *
 * @param library folder of llama.cpp's library
 * @param models t6, mha and gqa, of 124 M parameters each, smollm2-135m and qwen2-0.5b; llama.cpp has no t6
 * @param types types of the weights
 * @param prompt tokens of the prompt that is read into an empty cache
 * @param depths tokens in the cache before decoding
 * @param tokens tokens to decode
 * @param rounds rounds over all models
 * @param threads threads of each engine
 * @param jlama folder of Jlama's jars, or null
 * @param jinfer folder of jinfer's jars, or null
 */
public record PeerPlan(
        String library, List<String> models, List<String> types, int prompt, List<Integer> depths, int tokens,
        int rounds, int threads, String jlama, String jinfer) {
    private static final List<String> MODELS = List.of("t6", "mha", "gqa", "smollm2-135m", "qwen2-0.5b");
    private static final List<String> TYPES = List.of("f16", "bf16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0");

    /** @throws IllegalArgumentException if a value is not possible */
    public PeerPlan {
        check("--models", models, MODELS);
        check("--types", types, TYPES);
        if (depths.isEmpty() || depths.stream().anyMatch(depth -> depth < 1 || depth > 30000)) {
            throw new IllegalArgumentException("--depths: expected numbers from 1 to 30000, found " + depths);
        }
        for (String type : types) {
            if (modelsOf(models, type).isEmpty()) {
                throw new IllegalArgumentException("--types: expected types that one of " + String.join(", ", models)
                        + " has, found " + type);
            }
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("--rounds: expected 1 or more, found " + rounds);
        }
    }

    private static void check(String option, List<String> found, List<String> expected) {
        if (found.isEmpty() || !expected.containsAll(found)) {
            throw new IllegalArgumentException(option + ": expected some of " + String.join(", ", expected) + ", found "
                    + String.join(", ", found));
        }
    }

    /** Returns this plan without the folders of this machine: comparisons with equal ones belong together. */
    public PeerPlan withoutFolders() {
        return new PeerPlan("LLAMA", models, types, prompt, depths, tokens, rounds, threads,
                jlama == null ? null : "JLAMA", jinfer == null ? null : "JINFER");
    }

    /** Returns the command line of this plan, without a folder for the results. */
    public String command() {
        return "report --peer " + library + " --models " + String.join(",", models) + " --types "
                + String.join(",", types) + " --depths "
                + depths.stream().map(String::valueOf).collect(Collectors.joining(",")) + " --rounds " + rounds
                + (jlama == null ? "" : " --jlama " + jlama) + (jinfer == null ? "" : " --jinfer " + jinfer);
    }

    /** Returns the models that have weights of {@code type}: no T6 is written in k types. */
    List<String> modelsOf(String type) {
        return modelsOf(models, type);
    }

    private static List<String> modelsOf(List<String> models, String type) {
        return models.stream().filter(model -> !model.equals("t6") || !type.contains("_k")).toList();
    }

    /** Returns the other Java engines that have {@code model} in {@code type}. */
    List<PeerEngine> engines(String model, String type) {
        return Stream.concat(jlama == null ? Stream.of() : PeerEngine.jlama(jlama).stream(),
                jinfer == null ? Stream.of() : PeerEngine.jinfer(jinfer).stream())
                .filter(engine -> engine.runs(model, type)).toList();
    }

    int contextLength() {
        return Math.max(prompt, depths.stream().mapToInt(depth -> depth).max().orElseThrow() + tokens) + 1;
    }
}

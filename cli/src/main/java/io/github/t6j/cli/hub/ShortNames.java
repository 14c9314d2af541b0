package io.github.t6j.cli.hub;

import io.github.t6j.cli.io.Similar;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Short names of models that people try first, SHORT[:SIZE][:QUANT]: {@code smollm2}, {@code qwen3:0.6b}, {@code
 * gemma3:1b:Q4_K_M}. Without a size it is the first of the list.
 */
public final class ShortNames {
    /** A size has a number and m or b; some also have the size that a token uses. */
    private static final Pattern SIZE = Pattern.compile("(\\d+x)?\\d+(\\.\\d+)?[mb](-a\\d+(\\.\\d+)?b)?");
    private static final int MAX_SIMILAR = 3;

    /**
     * A model of a short name.
     *
     * @param size such as 0.6b; empty for the only model of a name
     * @param repository its weights as their authors published them
     * @param gguf repository of its quantisations, or null
     */
    public record Model(String size, String repository, String gguf) {}

    private static final Map<String, List<Model>> MODELS = models();

    private ShortNames() {}

    private static Map<String, List<Model>> models() {
        Map<String, List<Model>> models = new LinkedHashMap<>();
        models.put("smollm2", List.of(
                new Model("135m", "HuggingFaceTB/SmolLM2-135M-Instruct", "bartowski/SmolLM2-135M-Instruct-GGUF"),
                new Model("360m", "HuggingFaceTB/SmolLM2-360M-Instruct", "bartowski/SmolLM2-360M-Instruct-GGUF"),
                new Model("1.7b", "HuggingFaceTB/SmolLM2-1.7B-Instruct", "bartowski/SmolLM2-1.7B-Instruct-GGUF")));
        models.put("smollm3", List.of(new Model("3b", "HuggingFaceTB/SmolLM3-3B", "ggml-org/SmolLM3-3B-GGUF")));
        models.put("qwen2.5", List.of(
                new Model("0.5b", "Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-0.5B-Instruct-GGUF"),
                new Model("1.5b", "Qwen/Qwen2.5-1.5B-Instruct", "Qwen/Qwen2.5-1.5B-Instruct-GGUF"),
                new Model("3b", "Qwen/Qwen2.5-3B-Instruct", "Qwen/Qwen2.5-3B-Instruct-GGUF")));
        models.put("qwen3", List.of(
                new Model("0.6b", "Qwen/Qwen3-0.6B", "unsloth/Qwen3-0.6B-GGUF"),
                new Model("1.7b", "Qwen/Qwen3-1.7B", "unsloth/Qwen3-1.7B-GGUF"),
                new Model("4b", "Qwen/Qwen3-4B", "Qwen/Qwen3-4B-GGUF"),
                new Model("8b", "Qwen/Qwen3-8B", "Qwen/Qwen3-8B-GGUF"),
                new Model("14b", "Qwen/Qwen3-14B", "Qwen/Qwen3-14B-GGUF"),
                new Model("30b-a3b", "Qwen/Qwen3-30B-A3B", "Qwen/Qwen3-30B-A3B-GGUF")));
        models.put("llama3.2", List.of(
                new Model("1b", "meta-llama/Llama-3.2-1B-Instruct", "bartowski/Llama-3.2-1B-Instruct-GGUF"),
                new Model("3b", "meta-llama/Llama-3.2-3B-Instruct", "bartowski/Llama-3.2-3B-Instruct-GGUF")));
        models.put("llama3.1", List.of(
                new Model("8b", "meta-llama/Llama-3.1-8B-Instruct", "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF")));
        models.put("mistral", List.of(
                new Model("7b", "mistralai/Mistral-7B-Instruct-v0.3", "bartowski/Mistral-7B-Instruct-v0.3-GGUF")));
        models.put("mixtral", List.of(new Model(
                "8x7b", "mistralai/Mixtral-8x7B-Instruct-v0.1", "bartowski/Mixtral-8x7B-Instruct-v0.1-GGUF")));
        models.put("gemma3", List.of(
                new Model("270m", "google/gemma-3-270m-it", "unsloth/gemma-3-270m-it-GGUF"),
                new Model("1b", "google/gemma-3-1b-it", "ggml-org/gemma-3-1b-it-GGUF"),
                new Model("4b", "google/gemma-3-4b-it", "ggml-org/gemma-3-4b-it-GGUF"),
                new Model("12b", "google/gemma-3-12b-it", "ggml-org/gemma-3-12b-it-GGUF")));
        models.put("gemma2", List.of(
                new Model("2b", "google/gemma-2-2b-it", "bartowski/gemma-2-2b-it-GGUF"),
                new Model("9b", "google/gemma-2-9b-it", "bartowski/gemma-2-9b-it-GGUF")));
        models.put("phi3.5-mini", List.of(
                new Model("", "microsoft/Phi-3.5-mini-instruct", "bartowski/Phi-3.5-mini-instruct-GGUF")));
        models.put("phi4-mini", List.of(
                new Model("", "microsoft/Phi-4-mini-instruct", "unsloth/Phi-4-mini-instruct-GGUF")));
        models.put("phi4", List.of(new Model("", "microsoft/phi-4", "bartowski/phi-4-GGUF")));
        models.put("granite3.3", List.of(
                new Model("2b", "ibm-granite/granite-3.3-2b-instruct", "ibm-granite/granite-3.3-2b-instruct-GGUF"),
                new Model("8b", "ibm-granite/granite-3.3-8b-instruct", "ibm-granite/granite-3.3-8b-instruct-GGUF")));
        models.put("mlra-tpa", List.of(new Model("", "Soughing/MLRA/main/tpa", null)));
        return Collections.unmodifiableMap(models);
    }

    /** Returns the models by short name; the first of a list is the one without a size. */
    public static Map<String, List<Model>> all() {
        return MODELS;
    }

    /** Parts of a short name; {@code size} and {@code quantization} may be empty. */
    private record Parts(String name, String size, String quantization) {
        static Parts of(String text) {
            String[] parts = text.split(":", -1);
            boolean hasSize = parts.length > 1 && SIZE.matcher(parts[1].toLowerCase(Locale.ROOT)).matches();
            int next = hasSize ? 2 : 1;
            boolean isWhole = parts.length <= next + 1;
            return new Parts(parts[0].toLowerCase(Locale.ROOT), hasSize ? parts[1].toLowerCase(Locale.ROOT) : "",
                    !isWhole ? ":" : parts.length > next ? parts[next] : "");
        }

        Optional<Model> model() {
            return MODELS.getOrDefault(name, List.of()).stream()
                    .filter(model -> size.isEmpty() || model.size.equals(size)).findFirst();
        }
    }

    /** Returns true if {@code text} is a short name, perhaps with a revision. */
    public static boolean isName(String text) {
        return expand(text.replaceFirst("@.*", "")).isPresent();
    }

    /** Returns the name on a hub of a short name, or nothing for any other text. */
    static Optional<String> expand(String text) {
        Parts parts = Parts.of(text);
        boolean hasQuantization = text.endsWith(":") || !parts.quantization.isEmpty();
        return parts.model().filter(model -> !hasQuantization
                || model.gguf != null && Quantization.isName(parts.quantization))
                .map(model -> hasQuantization ? model.gguf + ":" + parts.quantization : model.repository);
    }

    /**
     * Returns the end of an error about {@code text}, which is not the name of a model: the sizes of a short name,
     * similar names, or nothing.
     */
    public static String advice(String text) {
        Parts parts = Parts.of(text);
        List<Model> models = MODELS.get(parts.name);
        if (text.contains("/")) {
            return "";
        }
        if (models == null) {
            Collection<String> similar = Similar.to(parts.name, MODELS.keySet(), MAX_SIMILAR);
            return similar.isEmpty() ? "" : ": did you mean " + String.join(" or ", similar) + "?";
        }
        if (parts.model().isEmpty()) {
            List<String> sizes = models.stream().map(Model::size).filter(size -> !size.isEmpty()).toList();
            return ": " + parts.name
                    + (sizes.isEmpty() ? " has one size" : " has the sizes " + String.join(", ", sizes));
        }
        return parts.model().orElseThrow().gguf == null
                ? ": " + parts.name + " has no GGUF files: pull it without a quantisation"
                : ": expected a quantisation such as Q4_K_M after the size";
    }
}

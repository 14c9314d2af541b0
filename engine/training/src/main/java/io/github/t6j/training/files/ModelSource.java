package io.github.t6j.training.files;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.FolderFiles;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.registry.ModelTensors;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.json.TokenizerFiles;
import io.github.t6j.training.assembly.Assembly;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.training.lora.FrozenWeights;
import io.github.t6j.training.lora.NewAdapter;
import io.github.t6j.weights.CopiedFile;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Opened files of a model whose weights a training run starts from. */
public final class ModelSource implements AutoCloseable {
    /** Keys of config.json with the context length, of which a model has one. */
    public static final List<String> CONTEXT_KEYS = List.of("block_size", "max_position_embeddings");

    /** Keys of config.json that depend on the tokenizer. */
    public static final List<String> TOKENIZER_KEYS = List.of("bos_token_id", "eos_token_id", "pad_token_id");

    private final Path path;
    private final Path folder;
    private final Checkpoint checkpoint;
    private final NamedTensors tensors;
    private final Map<String, Object> configJson;
    private final Map<String, Object> sampling; // of a GGUF file, with the keys of generation_config.json
    private final VariantJson variantJson;
    private final ModelConfig config;

    /**
     * Opens a folder in Hugging Face layout, or one weight file.
     *
     * @param variant RoPE variant if the files do not determine it, else null
     * @throws ModelFormatException when this engine does not support the model
     * @throws java.io.UncheckedIOException when a file cannot be read
     */
    public ModelSource(Path path, RopeVariant variant) {
        if (NewAdapter.isIn(path)) {
            throw new ModelFormatException(path + ": expected a model, found a LoRA adapter: merge it into its model"
                    + " with t6j convert MODEL NEW --adapter " + path + ", and use NEW");
        }
        this.path = path;
        folder = FolderFiles.of(path).folder();
        checkpoint = Checkpoint.open(path, false);
        try {
            ModelTensors read = ModelTensors.of(checkpoint, path.toString());
            tensors = read.tensors();
            sampling = read.generation().json().values();
            boolean hasConfig = read.config() != null;
            configJson = hasConfig ? read.config() : configJson();
            VariantJson stored = new FolderFiles(folder).variant();
            variantJson = variant == null ? stored : stored.with("variant", VariantName.of(variant));
            String where = hasConfig ? path.toString() : folder.resolve("config.json").toString();
            config = Families.describe(
                    tensors, new ModelMetadata(new ConfigJson(configJson, where), variantJson, variant));
        } catch (RuntimeException | Error failure) {
            checkpoint.close();
            throw failure;
        }
    }

    /** Reads config.json with the size limit of copied files, since it becomes part of the new model. */
    private Map<String, Object> configJson() {
        new FolderFiles(folder).config(); // throws the most specific error first
        return Json.parseObject(
                CopiedFile.read(folder, "config.json", SmallFile.CONFIG), folder.resolve("config.json").toString());
    }

    /** Returns the configuration of the model. */
    public ModelConfig config() {
        return config;
    }

    /**
     * Returns the files of the model that continues from this one.
     *
     * @param tokenizer path of a tokenizer to use instead of the model's own, or null
     * @param context context length of the training in tokens, or 0 for the model's
     * @throws ModelFormatException if the tokenizer has more ids than the model
     */
    public ModelFiles files(Path tokenizer, int context) {
        Map<String, Object> keys = withContext(context);
        if (tokenizer == null) {
            return withOwn(ModelFiles.of(keys, variantJson));
        }
        checkTokenizer(tokenizer);
        keys.keySet().removeAll(TOKENIZER_KEYS);
        return ModelFiles.of(keys, variantJson).withTokenizer(tokenizer);
    }

    /**
     * Adds the tokenizer and the generation defaults of this model: the ones inside a GGUF file, or else in its
     * folder.
     */
    private ModelFiles withOwn(ModelFiles files) {
        Map<String, byte[]> inGguf = tokenizerOfGguf();
        ModelFiles all = files.with(inGguf.isEmpty() ? CopiedFile.tokenizer(folder) : inGguf);
        return (sampling.isEmpty() ? all : all.with("generation_config.json", Json.write(sampling)))
                .withGeneration(folder);
    }

    /** Returns the files of the tokenizer inside a GGUF file; none if its kind is unsupported, as ids need none. */
    private Map<String, byte[]> tokenizerOfGguf() {
        try {
            return TokenizerFiles.filesOfGguf(checkpoint.gguf(), path.toString());
        } catch (ModelFormatException unsupported) {
            return Map.of();
        }
    }

    /** @throws ModelFormatException if the tokenizer has more ids than the model */
    public void checkTokenizer(Path tokenizer) {
        int ids = Tokenizer.load(tokenizer).size();
        if (ids > config.sizes().vocabulary()) {
            throw new ModelFormatException(tokenizer + ": expected a tokenizer of at most "
                    + config.sizes().vocabulary() + " ids, the model's vocabulary, found " + ids);
        }
    }

    /**
     * Returns the files of an adapter of this model.
     *
     * @param tokenizer path of a tokenizer to use instead of the model's own, or null; like the model's own, it may
     *     have more ids than the model
     * @param metadata entries of its file of matrices
     */
    public ModelFiles files(NewAdapter adapter, Path tokenizer, Map<String, String> metadata) {
        ModelFiles files = ModelFiles.of(adapter, Assembly.adapted(Families.tensors(config)), metadata);
        if (tokenizer == null) {
            return withOwn(files);
        }
        return files.withTokenizer(tokenizer);
    }

    /**
     * Copies all weights in the types of their files.
     *
     * @throws ModelFormatException if a tensor is missing, unexpected, or has another shape
     */
    public FrozenWeights frozen() {
        List<TensorSpec> specs = Families.tensors(config);
        tensors.checkAllUsed(specs, config.family());
        try {
            return new FrozenWeights(tensors, specs);
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(path, fault);
        }
    }

    /**
     * Returns the keys of config.json with its context length raised to {@code context}, except with YaRN, which
     * depends on it.
     */
    private Map<String, Object> withContext(long context) {
        Map<String, Object> keys = new LinkedHashMap<>(configJson);
        if (!isYarn(keys.get("rope_scaling")) && !isYarn(keys.get("rope_parameters"))) {
            CONTEXT_KEYS.forEach(key -> keys.computeIfPresent(
                    key, (_, length) -> length instanceof Long before && before < context ? context : length));
        }
        return keys;
    }

    private static boolean isYarn(Object scaling) {
        return scaling instanceof Map<?, ?> stored
                && "yarn".equals(stored.get("rope_type") == null ? stored.get("type") : stored.get("rope_type"));
    }

    /**
     * Copies all weights as f32.
     *
     * @throws ModelFormatException if a tensor is missing, unexpected, or has another shape
     */
    public void copy(List<TrainingTensor> parameters) {
        tensors.checkAllUsed(parameters.stream().map(TrainingTensor::spec).toList(), config.family());
        try {
            parameters.forEach(parameter -> tensors.read(parameter.spec(), parameter.value()));
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(path, fault);
        }
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}

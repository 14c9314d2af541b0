package io.github.t6j.family.registry;

import io.github.t6j.LoadListener;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.EmbeddingJson;
import io.github.t6j.family.FolderFiles;
import io.github.t6j.family.GenerationJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.family.lora.Adapters;
import io.github.t6j.family.olala.OlalaFamily;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.Transformer;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.ConvertedMatrices;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Contents of a model's files: packed weights, tokenizer, and the defaults that the files state.
 *
 * @param folder folder with config.json
 * @param source description of the files that were read, and of the adapters
 * @param weightType type of most weights
 * @param tokenizer null without one
 * @param endIds ids that end a text
 * @param sampling null if the files state none
 * @param notes remarks on how the model was loaded, a sentence each
 */
public record LoadedModel(
        Path folder, Transformer transformer, String source, String weightType, Tokenizer tokenizer,
        Set<Integer> endIds, SamplingOptions sampling, EmbeddingJson embedding, List<String> notes) {
    /**
     * Loads the model in {@code path}, a folder or a weight file, and packs its weights into {@code memory}.
     *
     * @throws ModelFormatException if the files are damaged or the model is not supported
     */
    public static LoadedModel load(
            Path path, ModelOptions options, Kernels kernels, Workers workers, Arena memory, LoadListener progress) {
        boolean mapped = options.load() == ModelOptions.Load.MMAP;
        try (Checkpoint checkpoint = Checkpoint.open(path, mapped); Adapters adapters = new Adapters(mapped)) {
            options.adapters().forEach(adapter -> adapters.add(adapter.folder(), adapter.scale()));
            FolderFiles files = FolderFiles.of(path);
            ModelTensors read = ModelTensors.of(checkpoint, path.toString());
            NamedTensors tensors = read.tensors();
            boolean isGguf = read.config() != null;
            ConfigJson configJson = isGguf ? new ConfigJson(read.config(), path.toString()) : files.config();
            VariantJson variant = isGguf ? GgufNames.variant(files.variant(), read.config()) : files.variant();
            ModelConfig config =
                    Families.describe(tensors, new ModelMetadata(configJson, variant, options.variant()));
            List<String> notes = new ArrayList<>();
            if (isGguf && config.family().equals(OlalaFamily.NAME)) {
                notes.addAll(config.assumptions()); // the window, which Hugging Face reads in another way
            }
            Tokenizer tokenizer =
                    ModelTokenizer.find(options.tokenizer(), files.folder(), checkpoint, config, notes);
            DType type = options.weightType() == null ? null : DType.valueOf(options.weightType().name());
            NamedTensors converted =
                    type == null ? tensors : tensors.converted(type, Families.of(tensors)::keepsType);
            NamedTensors merged = adapters.merged(tensors, converted, Families.tensors(config));
            Transformer transformer = Families.load(merged, config, kernels, workers, memory, progress);
            notes.addAll(ConvertedMatrices.notes(checkpoint.tensors().values(), type));
            notes.addAll(adapters.notes(type));
            DType shown = type == null ? DType.ofMost(checkpoint.tensors().values()) : type;
            GenerationJson generation = files.generation();
            return new LoadedModel(
                    files.folder(), transformer, checkpoint.description() + adapters.description(),
                    shown.name().toLowerCase(Locale.ROOT), tokenizer,
                    endIds(config, generation.endIds(configJson), tokenizer),
                    generation.sampling() == null ? read.generation().sampling() : generation.sampling(),
                    EmbeddingJson.ofGguf(checkpoint.gguf(), files.embedding()), Collections.unmodifiableList(notes));
        } catch (InternalError fault) {
            throw new ModelFormatException(
                    path + ": the file was truncated while it was read: load it when nothing writes to it", fault)
                    .of(path);
        } catch (ModelFormatException wrong) {
            throw wrong.of(path);
        }
    }

    /** Returns the ids that end a text: those that the files name, and the tokenizer's. */
    public static Set<Integer> endIds(ModelConfig config, Set<Integer> stored, Tokenizer tokenizer) {
        Set<Integer> ids = new LinkedHashSet<>(stored);
        if (tokenizer != null) {
            ids.add(tokenizer.endOfText());
        }
        if (tokenizer != null && config.family().equals(OlalaFamily.NAME)) {
            ids.add(tokenizer.documentStart()); // <|endoftext|>, too
            int[] endOfTurn = tokenizer.encodeWithSpecialTokens(OlalaFamily.END_OF_TURN);
            ids.add(endOfTurn.length == 1 ? endOfTurn[0] : -1);
            if (config.sizes().vocabulary() > 1 << 16) {
                ids.removeIf(id -> id < 256); // old exports name ids of letters, left over from a default configuration
            }
        }
        ids.remove(-1);
        return Collections.unmodifiableSet(ids);
    }

    /** @throws ModelFormatException if the model has no tokenizer; the message names the expected files */
    public Tokenizer requiredTokenizer() {
        return tokenizer == null ? ModelTokenizer.missing(folder, transformer.config()) : tokenizer;
    }

    /** Returns the upper bound of generated ids: the size of the vocabulary, or of the tokenizer if that is smaller. */
    public int sampleableIds() {
        int vocabulary = transformer.config().sizes().vocabulary();
        return tokenizer == null ? vocabulary : Math.min(tokenizer.size(), vocabulary);
    }
}

package io.github.t6j.cli.hub;

import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.checkpoint.CheckpointFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Chooses the files of a repository that a model needs: its weights in one format, and the files that are read with
 * them. Weights with names that the engine looks for come first; then safetensors before PyTorch before GGUF, of which
 * the user may have to choose one.
 */
final class PullPlan {
    private static final List<String> COMPANIONS = List.of("config.json", "generation_config.json", "t6j.json",
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "chat_template.jinja", "chat_template.json", "modules.json");
    /** Folder next to the weights with the pooling of embeddings, as sentence-transformers names it. */
    private static final String POOLING = "1_Pooling";
    /** Folder of templates next to chat_template.jinja, as transformers names it. */
    private static final String TEMPLATES = "additional_chat_templates";
    /** GPT-2's two files; used only without tokenizer.json. */
    private static final List<String> TWO_FILES = List.of("vocab.json", "merges.txt", "encoder.json", "vocab.bpe");
    private static final List<List<String>> ENDINGS =
            List.of(List.of(".safetensors"), List.of(".bin", ".pt", ".pth"), List.of(".gguf"));
    /** Weights that modify another model. */
    private static final Set<String> ADAPTERS = Set.of("adapter_model.safetensors", "adapter_model.bin");
    /** Files of a LoRA adapter of PEFT. */
    private static final List<String> ADAPTER = List.of("adapter_config.json", "adapter_model.safetensors");
    /** Files of an adapter that decide how to talk with the model. */
    private static final List<String> CHAT =
            List.of("chat_template.jinja", "tokenizer_config.json", "generation_config.json");
    private static final String INDEX = ".index.json";
    private static final int LONGEST_INDEX = 64 << 20;

    /** Downloads a small file of the repository. */
    @FunctionalInterface
    interface Getter {
        Path get(RemoteFile file) throws IOException, InterruptedException;
    }

    private final Listing listing;
    private final ModelName name;

    PullPlan(Listing listing, ModelName name) {
        this.listing = listing;
        this.name = name;
    }

    private static boolean isOther(String name) {
        return CheckpointFiles.TRAINING_FILES.contains(name) || ADAPTERS.contains(name);
    }

    /**
     * Returns the files to download.
     *
     * @param getter downloads the index of weights in several files
     * @throws AmbiguousNameException if there are several models to choose from
     * @throws HubException if there is none, or a name that a file cannot have
     */
    List<RemoteFile> files(Getter getter) throws IOException, InterruptedException {
        List<RemoteFile> needed =
                name.isFile() ? named() : name.isQuantized() ? quantized() : folder(getter);
        for (RemoteFile file : needed) {
            String reason = FileNames.rejectionReason(file.path());
            if (reason != null) {
                throw new HubException(name.repository() + ": expected names that every system allows, found " + reason
                        + ": " + file.path());
            }
        }
        return needed;
    }

    /** Returns the file of the name; of a GGUF model in several files, all of them. */
    private List<RemoteFile> named() throws HubException {
        Map<String, RemoteFile> files = byPath("");
        if (!files.containsKey(name.inside())) {
            throw choice("expected a file of that name, found none", gguf(listing.files()));
        }
        return whole(Quantization.modelOf(name.inside(), files.keySet())).stream().map(files::get).toList();
    }

    private Map<String, RemoteFile> byPath(String above) {
        Map<String, RemoteFile> files = new TreeMap<>();
        listing.files().stream().filter(file -> file.path().startsWith(above))
                .forEach(file -> files.put(file.path(), file));
        return files;
    }

    /** Returns the files of the one model of the quantisation. */
    private List<RemoteFile> quantized() throws HubException {
        Map<String, RemoteFile> files = byPath(name.inside().isEmpty() ? "" : name.inside() + "/");
        List<List<String>> models = Quantization.find(name.quantization(), files.keySet());
        if (models.size() != 1) {
            List<RemoteFile> choices = models.isEmpty()
                    ? gguf(List.copyOf(files.values()))
                    : models.stream().flatMap(List::stream).map(files::get).toList();
            throw choice("expected GGUF files of " + name.quantization() + ", found "
                    + (models.isEmpty() ? "none" : models.size() + " models")
                    + (choices.isEmpty() ? "" : ": choose one"), choices);
        }
        return whole(models.getFirst()).stream().map(files::get).toList();
    }

    /** @throws HubException if some of the files of a model are missing */
    private List<String> whole(List<String> model) throws HubException {
        int expected = Quantization.shards(model.getFirst());
        if (model.size() != expected) {
            throw new HubException(name.repository() + ": " + model.getFirst() + ": expected " + expected
                    + " files of one model, found " + model.size() + ": the repository is incomplete");
        }
        return model;
    }

    private List<RemoteFile> folder(Getter getter) throws IOException, InterruptedException {
        Map<String, RemoteFile> files = in(name.inside());
        List<RemoteFile> weights = weights(files);
        if (weights.isEmpty() && files.keySet().containsAll(ADAPTER)) {
            return Stream.concat(ADAPTER.stream(), CHAT.stream().filter(files::containsKey)).map(files::get).toList();
        }
        if (weights.isEmpty()) {
            throw noModel(files);
        }
        List<RemoteFile> gguf = gguf(weights);
        List<List<String>> models = Quantization.models(gguf.stream().map(RemoteFile::path).toList());
        if (gguf.size() == weights.size() && models.size() == 1) {
            whole(models.getFirst());
        } else if (weights.size() > 1) {
            throw gguf.isEmpty()
                    ? new HubException(name.path() + ": expected weights in one file or with an index, found "
                            + String.join(", ", weights.stream().map(RemoteFile::name).toList()))
                    : choice("expected one GGUF file, found " + models.size() + ": choose one", gguf);
        }
        List<RemoteFile> needed = new ArrayList<>(companions(files));
        addExisting(POOLING, "config.json", needed);
        addExisting(TEMPLATES, "tool_use.jinja", needed);
        needed.addAll(weights);
        if (weights.getFirst().name().endsWith(INDEX)) {
            needed.addAll(shards(getter.get(weights.getFirst()), weights.getFirst(), files));
        }
        return needed;
    }

    /** Adds a file in a folder next to the weights, if it exists. */
    private void addExisting(String folder, String file, List<RemoteFile> needed) {
        RemoteFile found = in(name.inside().isEmpty() ? folder : name.inside() + "/" + folder).get(file);
        if (found != null) {
            needed.add(found);
        }
    }

    private Map<String, RemoteFile> in(String folder) {
        Map<String, RemoteFile> files = new TreeMap<>();
        listing.files().stream().filter(file -> file.folder().equals(folder))
                .forEach(file -> files.put(file.name(), file));
        return files;
    }

    /** Returns the file of weights or its index, or several if the choice is unclear, or none without weights. */
    private static List<RemoteFile> weights(Map<String, RemoteFile> files) {
        for (String known : CheckpointFiles.NAMES) {
            if (files.containsKey(known)) {
                return List.of(files.get(known));
            }
        }
        List<RemoteFile> several = List.of();
        for (List<String> endings : ENDINGS) {
            List<RemoteFile> found = files.values().stream().filter(file -> !isOther(file.name())
                    && endings.stream().anyMatch(file.name()::endsWith)).toList();
            if (found.size() == 1) {
                return found;
            }
            several = several.isEmpty() ? found : several;
        }
        return several;
    }

    private static List<RemoteFile> companions(Map<String, RemoteFile> files) {
        List<RemoteFile> companions = new ArrayList<>();
        COMPANIONS.stream().filter(files::containsKey).forEach(known -> companions.add(files.get(known)));
        if (!files.containsKey("tokenizer.json")) {
            TWO_FILES.stream().filter(files::containsKey).forEach(known -> companions.add(files.get(known)));
        }
        return companions;
    }

    private List<RemoteFile> shards(Path index, RemoteFile file, Map<String, RemoteFile> files) throws HubException {
        Map<String, Object> json = Json.parseObject(SmallFile.read(index, LONGEST_INDEX), file.path());
        List<RemoteFile> shards = new ArrayList<>();
        for (Object shard : new TreeSet<>(Json.object(json.get("weight_map"), file.path() + ": weight_map").values()
                .stream().map(String::valueOf).toList())) {
            if (!files.containsKey(shard)) {
                throw new HubException(name.repository() + ": " + file.path() + ": expected files next to it, found "
                        + shard + ", which the repository does not have");
            }
            shards.add(files.get(shard));
        }
        return shards;
    }

    private HubException noModel(Map<String, RemoteFile> files) {
        Map<String, Long> folders = new TreeMap<>();
        String above = name.inside().isEmpty() ? "" : name.inside() + "/";
        for (RemoteFile file : listing.files()) {
            if (!file.folder().isEmpty() && (file.folder() + "/").startsWith(above)) {
                folders.computeIfAbsent(file.folder(), folder -> bytes(in(folder)));
            }
        }
        folders.values().removeIf(bytes -> bytes < 0);
        if (!folders.isEmpty()) {
            return new AmbiguousNameException(name.path() + ": expected a model, found folders with models: choose one",
                    folders.entrySet().stream().map(folder -> line(folder.getKey(), folder.getValue())).toList());
        }
        boolean found = !files.isEmpty() || name.inside().isEmpty();
        return new HubException(name.path() + ": expected weights (*.safetensors, *.bin, *.gguf), found "
                + (found ? "none among " + files.size() + " files" : "no such folder"));
    }

    /** Returns the bytes of the model in a folder, with all shards that may belong to it; −1 if there is no model. */
    private static long bytes(Map<String, RemoteFile> files) {
        List<RemoteFile> weights = new ArrayList<>(weights(files));
        if (weights.isEmpty()) {
            return -1;
        }
        String index = weights.getFirst().name();
        if (index.endsWith(INDEX)) {
            String ending = index.contains(".safetensors") ? ".safetensors" : ".bin";
            files.values().stream().filter(file -> file.name().endsWith(ending)).forEach(weights::add);
        }
        weights.addAll(companions(files));
        return weights.stream().mapToLong(file -> Math.max(0, file.size())).reduce(0, Sizes::plus);
    }

    private static List<RemoteFile> gguf(List<RemoteFile> files) {
        return files.stream().filter(file -> ModelName.isGguf(file.name())).toList();
    }

    /** @param files to choose from; a model in several files is one choice, by the name of the first */
    private HubException choice(String message, List<RemoteFile> files) {
        if (files.isEmpty()) {
            return new HubException(name.path() + ": " + message);
        }
        Map<String, Long> sizes = new TreeMap<>();
        files.forEach(file -> sizes.put(file.path(), file.size()));
        return new AmbiguousNameException(name.path() + ": " + message,
                Quantization.models(sizes.keySet()).stream().map(model -> line(
                        model.getFirst(), model.stream().mapToLong(sizes::get).reduce(0, PullPlan::plus))).toList());
    }

    /** Returns the sum of two sizes; −1 if one is not known. */
    private static long plus(long a, long b) {
        return a < 0 || b < 0 ? -1 : Sizes.plus(a, b);
    }

    private String line(String path, long bytes) {
        return name.repository() + "/" + path + "  " + (bytes < 0 ? "" : Sizes.of(bytes));
    }
}

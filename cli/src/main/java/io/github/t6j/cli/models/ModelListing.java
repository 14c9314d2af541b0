package io.github.t6j.cli.models;

import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.checkpoint.CheckpointFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A model on this machine, described by its config.json and the headers of its weights. PyTorch files are not opened,
 * since opening one checks all of it; for such a model only the family is known.
 *
 * @param bytes bytes of its files
 * @param parameters number of parameters, tied ones once, or −1
 * @param problem reason why it does not run, or null
 */
record ModelListing(String name, Path path, String family, String weights, long parameters, long bytes, String revision,
        String problem) {
    private static final List<String> TORCH = List.of(".bin", ".pt", ".pth");
    private static final String UNKNOWN = "-";
    private static final int COMMIT_SHOWN = 7;
    private static final int LONGEST_INDEX = 64 << 20;

    /** Lists the model that comes with t6j. */
    static ModelListing bundled() {
        try {
            Path folder = ModelFolder.bundled();
            return of(ModelFolder.BUNDLED_NAME, folder, "bundled");
        } catch (CommandFailure e) {
            return failed(ModelFolder.BUNDLED_NAME, Path.of(""), 0, "bundled", e);
        }
    }

    /** Lists the models of a repository: for each snapshot, those in its folders. */
    static List<ModelListing> of(HubCache cache, String repository) {
        try {
            Optional<HubCache.Pulled> pulled = cache.of(repository);
            return pulled.isEmpty() ? List.of() : of(pulled.get());
        } catch (IOException | RuntimeException e) {
            return List.of(failed(repository, cache.folder(), 0, "", e));
        }
    }

    private static List<ModelListing> of(HubCache.Pulled pulled) throws IOException {
        List<ModelListing> models = new ArrayList<>();
        for (Map.Entry<Path, List<String>> snapshot : pulled.snapshots().entrySet()) {
            Path root = snapshot.getKey();
            String commit = root.getFileName().toString();
            String revision = commit.substring(0, Math.min(COMMIT_SHOWN, commit.length()));
            String shown = snapshot.getValue().isEmpty()
                    ? revision
                    : String.join(", ", snapshot.getValue()) + " " + revision;
            boolean isMain = snapshot.getValue().contains("main");
            for (Path model : models(root)) {
                String inside = root.relativize(model).toString().replace('\\', '/');
                String name = pulled.repository() + (inside.isEmpty() ? "" : "/" + inside)
                        + (isMain ? "" : "@" + revision);
                models.add(of(name, model, shown));
            }
        }
        return models;
    }

    /** Returns the folders with weights, or their GGUF files if there are several; without any, the root. */
    private static List<Path> models(Path root) throws IOException {
        TreeSet<Path> models = new TreeSet<>();
        Map<Path, List<Path>> gguf = new LinkedHashMap<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.filter(file -> !Files.isDirectory(file))
                    .filter(file -> !CheckpointFiles.isLaterPart(file)).toList();
        }
        for (Path file : files) {
            if (ends(file, List.of(".safetensors")) || ends(file, TORCH)) {
                models.add(file.getParent());
            } else if (ends(file, List.of(".gguf"))) {
                gguf.computeIfAbsent(file.getParent(), folder -> new ArrayList<>()).add(file);
            }
        }
        gguf.forEach((folder, inFolder) -> {
            if (inFolder.size() > 1 || models.contains(folder)) {
                models.addAll(inFolder);
            } else {
                models.add(folder);
            }
        });
        return models.isEmpty() ? List.of(root) : List.copyOf(models);
    }

    private static boolean ends(Path file, List<String> endings) {
        return endings.stream().anyMatch(file.getFileName().toString().toLowerCase(Locale.ROOT)::endsWith);
    }

    private static ModelListing of(String name, Path model, String revision) {
        long bytes = 0;
        try {
            List<Path> files = files(model);
            for (Path file : files) {
                bytes += Files.size(file);
            }
            List<String> names = files.stream().map(file -> file.getFileName().toString()).toList();
            if (names.contains("adapter_config.json") && !names.contains("config.json")) {
                return new ModelListing(name, model, "LoRA", "adapter", -1, bytes, revision, null);
            }
            boolean hasOther = files.stream().anyMatch(file -> ends(file, List.of(".safetensors", ".gguf")));
            if (!hasOther && files.stream().anyMatch(file -> ends(file, TORCH))) {
                return new ModelListing(name, model, torchFamily(model), "torch", -1, bytes, revision, null);
            }
            return read(name, model, revision, bytes);
        } catch (IOException | RuntimeException e) {
            return failed(name, model, bytes, revision, e);
        } catch (InternalError fault) { // the JVM's error for reading past the end of a mapped file
            return failed(name, model, bytes, revision, new IOException("another program cut it short", fault));
        }
    }

    private static ModelListing failed(String name, Path model, long bytes, String revision, Exception e) {
        String problem = Errors.line(e).replace(model.toString(), "").replaceFirst("^[/\\\\: ]+", "");
        return new ModelListing(name, model, UNKNOWN, UNKNOWN, -1, bytes, revision, problem);
    }

    /** Returns the files of a folder, or a file and its parts. */
    private static List<Path> files(Path model) throws IOException {
        String name = model.getFileName().toString();
        String parts =
                Files.isDirectory(model) || !name.contains("-00001-of-") ? name : name.split("-00001-of-")[0] + "-";
        try (Stream<Path> files = Files.list(ModelFolder.folderOf(model))) {
            return files.filter(file -> !Files.isDirectory(file))
                    .filter(file -> Files.isDirectory(model) || file.equals(model)
                            || CheckpointFiles.isLaterPart(file)
                                    && file.getFileName().toString().startsWith(parts))
                    .sorted().toList();
        }
    }

    /** Returns the family by the names in the index of shards; without an index, config.json's name for it. */
    private static String torchFamily(Path model) {
        Path index = model.resolve("pytorch_model.bin.index.json");
        Map<String, Tensor> named = new LinkedHashMap<>();
        if (Files.exists(index)) {
            Map<String, Object> json = Json.parseObject(SmallFile.read(index, LONGEST_INDEX), index.toString());
            Json.object(json.get("weight_map"), index + ": weight_map").keySet()
                    .forEach(tensor -> named.put(
                            Checkpoint.withoutPrefixes(tensor), Tensor.of(tensor, new float[1])));
        }
        NamedTensors tensors = new NamedTensors(named, model.toString());
        Family family = Families.of(tensors);
        Object type = config(model).getOrDefault("model_type", UNKNOWN);
        return family.recognizes(tensors) ? family.name() : String.valueOf(type);
    }

    private static Map<String, Object> config(Path model) {
        Path file = ModelFolder.folderOf(model).resolve("config.json");
        return Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString());
    }

    private static ModelListing read(String name, Path model, String revision, long bytes) {
        try (Checkpoint checkpoint = Checkpoint.open(model, true)) {
            GgufNames gguf = checkpoint.gguf().isEmpty() ? null : new GgufNames(checkpoint, model.toString());
            Map<String, Tensor> tensors =
                    new LinkedHashMap<>(gguf == null ? checkpoint.tensors() : gguf.tensors());
            if (tensors.containsKey(T6Family.EMBEDDING_NAME)) {
                tensors.remove(T6Family.HEAD_NAME); // tied to the embedding; comparing them would read both
            }
            Map<String, Object> keys = gguf == null ? config(model) : gguf.config();
            ModelConfig config = Families.describe(new NamedTensors(tensors, model.toString()),
                    new ModelMetadata(new ConfigJson(keys, model.toString()),
                            VariantFile.read(ModelFolder.folderOf(model)), null));
            return new ModelListing(name, model, config.family(),
                    DType.ofMost(tensors.values()).name().toLowerCase(Locale.ROOT), Families.parameters(config), bytes,
                    revision, null);
        }
    }

    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", name);
        fields.put("path", path.toString());
        fields.put("family", family);
        fields.put("weights", weights);
        fields.put("parameters", parameters < 0 ? null : parameters);
        fields.put("bytes", bytes);
        fields.put("revision", revision);
        fields.put("problem", problem);
        return fields;
    }
}

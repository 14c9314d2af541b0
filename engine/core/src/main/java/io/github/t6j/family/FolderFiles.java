package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * JSON files of a model's folder.
 *
 * @param folder the folder with config.json
 */
public record FolderFiles(Path folder) {
    /** Returns the files of {@code model}, a folder or a weight file in one. */
    public static FolderFiles of(Path model) {
        return new FolderFiles(Files.isDirectory(model) ? model : model.toAbsolutePath().getParent());
    }

    /** @throws ModelFormatException if the file is missing or is not a JSON object */
    public ConfigJson config() {
        Path file = folder.resolve("config.json");
        if (!Files.exists(file)) {
            throw new ModelFormatException(file + ": expected the model's configuration, found no such file:"
                    + " a model is a folder with config.json and its weights");
        }
        return new ConfigJson(object(file), file.toString());
    }

    /** Returns t6j.json, or an empty object if it is missing. */
    public VariantJson variant() {
        Path file = folder.resolve("t6j.json");
        return exists(file) ? new VariantJson(object(file), file.toString()) : VariantJson.none();
    }

    /** Returns generation_config.json, or an empty object if it is missing. */
    public GenerationJson generation() {
        Path file = folder.resolve("generation_config.json");
        return exists(file)
                ? new GenerationJson(new ConfigJson(object(file), file.toString()))
                : GenerationJson.none();
    }

    /** Returns the pooling that sentence-transformers' files state; if they are missing, none. */
    public EmbeddingJson embedding() {
        Path modulesFile = folder.resolve(EmbeddingJson.MODULES_FILE);
        Path poolingFile = folder.resolve(EmbeddingJson.POOLING_FILE);
        List<String> modules = exists(modulesFile)
                ? EmbeddingJson.modules(
                        Json.parse(SmallFile.read(modulesFile, SmallFile.CONFIG), modulesFile.toString()),
                        modulesFile.toString())
                : null;
        if (exists(poolingFile)) {
            return EmbeddingJson.of(new ConfigJson(object(poolingFile), poolingFile.toString()), modules);
        }
        return modules == null || !modules.contains("Pooling")
                ? EmbeddingJson.NONE
                : new EmbeddingJson(null, true,
                        poolingFile + ": expected the pooling of modules.json, found no such file");
    }

    /** Returns true if a file exists; true for a broken link too, so that reading it reports an error. */
    private static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static Map<String, Object> object(Path file) {
        return Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString());
    }
}

package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a model's folder says beside its weights.
 *
 * @param folder where config.json is
 */
public record FolderFiles(Path folder) {
    /** That of {@code model}, a folder or a file of weights. */
    public static FolderFiles of(Path model) {
        return new FolderFiles(Files.isDirectory(model) ? model : model.toAbsolutePath().getParent());
    }

    /** @throws ModelFormatException if there is none, or it is no JSON object */
    public ConfigJson config() {
        Path file = folder.resolve("config.json");
        if (!Files.exists(file)) {
            throw new ModelFormatException(file + ": expected the model's configuration, found no such file;"
                    + " a model is a folder with config.json and its weights");
        }
        return new ConfigJson(object(file), file.toString());
    }

    /** t6j.json, if there is one. */
    public VariantJson variant() {
        Path file = folder.resolve("t6j.json");
        return isThere(file) ? new VariantJson(object(file), file.toString()) : VariantJson.none();
    }

    /** generation_config.json, if there is one. */
    public GenerationJson generation() {
        Path file = folder.resolve("generation_config.json");
        return isThere(file)
                ? new GenerationJson(new ConfigJson(object(file), file.toString()))
                : GenerationJson.none();
    }

    /** A broken link is named, not passed over. */
    private static boolean isThere(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static Map<String, Object> object(Path file) {
        return Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString());
    }
}

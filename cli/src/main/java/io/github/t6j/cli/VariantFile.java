package io.github.t6j.cli;

import io.github.t6j.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code t6j.json}: says beside the weights which variant a model is, since nothing else in its files can. */
final class VariantFile {
    private static final String NAME = "t6j.json";

    private VariantFile() {}

    /**
     * The variant's name: what the user says, else the folder's t6j.json, else what the keys of config.json leave.
     *
     * @throws CommandFailure if they leave two
     */
    static String resolve(Variant said, Path folder, Map<String, Object> config) {
        if (said != null) {
            return Choice.word(said);
        }
        Path file = folder.resolve(NAME);
        if (Files.exists(file) && keys(file).get("variant") instanceof String name) {
            return name;
        }
        if (config.containsKey("rope_decay_base")) {
            throw new CommandFailure(folder + ": config.json has rope_decay_base, which leaves two variants: say "
                    + "--variant partialrope-decay or --variant linearattn");
        }
        return Choice.word(config.containsKey("rope_partial_factor") ? Variant.PARTIALROPE : Variant.FULL);
    }

    private static Map<String, Object> keys(Path file) {
        return Json.parseObject(Text.readAll(file), file.toString());
    }

    static void write(Path folder, String variant) throws IOException {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("format", 1L);
        keys.put("variant", variant);
        Files.writeString(folder.resolve(NAME), Json.write(keys));
    }
}

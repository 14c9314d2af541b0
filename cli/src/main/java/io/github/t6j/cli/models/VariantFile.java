package io.github.t6j.cli.models;

import io.github.t6j.RopeVariant;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.VariantName;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code t6j.json} in a folder: names the model's variant, which none of its other files can. */
final class VariantFile {
    static final String NAME = "t6j.json";

    private VariantFile() {}

    /** Reads the folder's t6j.json; without the file, returns empty settings. */
    static VariantJson read(Path folder) {
        Path file = folder.resolve(NAME);
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? parse(file) : VariantJson.none();
    }

    /** @throws io.github.t6j.ModelFormatException for unsupported keys or values */
    static VariantJson parse(Path file) {
        return new VariantJson(Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString()),
                file.toString());
    }

    /** Prints a note if {@code option} differs from the variant in t6j.json. */
    static void noteOther(Main main, RopeVariant option, VariantJson json, Path folder) {
        if (option != null && json.variant() != null && option != json.variant()) {
            main.note(
                    "note: --variant " + VariantName.of(option) + " overrides " + folder.resolve(NAME) + ", which says "
                            + VariantName.of(json.variant()));
        }
    }

    /**
     * Returns the settings with the name of the variant: the user's, or else the one in t6j.json, or else the one that
     * config.json implies.
     *
     * @throws CommandFailure if config.json fits two variants
     */
    static VariantJson resolve(RopeVariant option, VariantJson json, Path folder, Map<String, Object> config) {
        if (option != null) {
            return json.with("variant", VariantName.of(option));
        }
        if (json.variant() != null) {
            return json;
        }
        if (config.containsKey("rope_decay_base")) {
            throw new CommandFailure(folder + ": expected one variant, found two, as config.json has rope_decay_base:"
                    + " choose --variant partialrope-decay or --variant linearattn");
        }
        boolean partial = config.containsKey("rope_partial_factor");
        return json.with("variant", VariantName.of(partial ? RopeVariant.PARTIALROPE : RopeVariant.FULL));
    }

    static void write(Path file, VariantJson json) throws IOException {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("format", 1L);
        keys.putAll(json.keys());
        Files.writeString(file, Json.write(keys));
    }
}

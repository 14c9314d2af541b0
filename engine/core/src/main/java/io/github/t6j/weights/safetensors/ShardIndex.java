package io.github.t6j.weights.safetensors;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Index of a model in several files ({@code *.index.json}); it maps each tensor to its file.
 *
 * @param file the index itself
 * @param tensorsOf shard's file name → names of its tensors, both sorted
 */
public record ShardIndex(Path file, Map<String, Set<String>> tensorsOf) {
    private static final int SHOWN = 3;

    public static ShardIndex parse(byte[] json, Path file) {
        Map<String, Object> index = Json.parseObject(json, file.toString());
        if (!index.containsKey("weight_map")) {
            throw new ModelFormatException(file + ": expected the index of shards, with weight_map: found other JSON");
        }
        Map<String, Set<String>> tensorsOf = new TreeMap<>();
        Json.object(index.get("weight_map"), file + ": weight_map").forEach((tensor, shard) -> {
            if (!(shard instanceof String name) || !isFileName(name)) {
                throw new ModelFormatException(
                        file + ": weight_map: expected the name of a file in its folder for tensor " + tensor
                                + ", found " + Json.writeLine(shard));
            }
            tensorsOf.computeIfAbsent(name, n -> new TreeSet<>()).add(tensor);
        });
        if (tensorsOf.isEmpty()) {
            throw new ModelFormatException(file + ": weight_map: expected tensors, found none");
        }
        return new ShardIndex(file, tensorsOf);
    }

    /** Returns true if {@code name} stays in the folder on every operating system. */
    private static boolean isFileName(String name) {
        return !name.isEmpty() && !name.equals(".") && !name.equals("..")
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ') && isPath(name);
    }

    private static boolean isPath(String name) {
        try {
            Path.of(name);
            return true;
        } catch (InvalidPathException unmappable) {
            return false;
        }
    }

    /** Returns the shards' file names, sorted. */
    public Set<String> shards() {
        return tensorsOf.keySet();
    }

    /** @throws ModelFormatException unless {@code shard} holds exactly the tensors that this index lists for it */
    public void check(Path shard, Iterable<String> found) {
        Set<String> missing = new TreeSet<>(tensorsOf.get(shard.getFileName().toString()));
        List<String> extra = new ArrayList<>();
        for (String tensor : found) {
            if (!missing.remove(tensor)) {
                extra.add(tensor);
            }
        }
        if (!missing.isEmpty()) {
            throw new ModelFormatException(shard + ": expected " + summary(missing) + " of " + file.getFileName()
                    + ", found no such tensors: the files belong to different models, download all again");
        }
        if (!extra.isEmpty()) {
            throw new ModelFormatException(shard + ": found " + summary(extra) + ", which " + file.getFileName()
                    + " does not list for it: the files belong to different models, download all again");
        }
    }

    private static String summary(Iterable<String> names) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        return String.join(", ", all.subList(0, Math.min(SHOWN, all.size())))
                + (all.size() > SHOWN ? " and " + (all.size() - SHOWN) + " more" : "");
    }
}

package io.github.t6j.weights;

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
 * The index of a model in several files ({@code *.index.json}): which tensor is in which.
 *
 * @param file the index itself
 * @param tensorsOf shard's file name → names of its tensors, both sorted
 */
record ShardIndex(Path file, Map<String, Set<String>> tensorsOf) {
    private static final int SHOWN = 3;

    static ShardIndex parse(byte[] json, Path file) {
        Map<String, Object> index = Json.parseObject(json, file.toString());
        if (!index.containsKey("weight_map")) {
            throw new ModelFormatException(file + ": expected the index of shards, with weight_map: found other JSON");
        }
        Map<String, Set<String>> tensorsOf = new TreeMap<>();
        Json.object(index.get("weight_map"), file + ": weight_map").forEach((tensor, shard) -> {
            if (!(shard instanceof String name) || !isFileName(name)) {
                throw new ModelFormatException(file + ": weight_map: expected a file beside it for tensor " + tensor
                        + ", found " + Json.writeLine(shard));
            }
            tensorsOf.computeIfAbsent(name, n -> new TreeSet<>()).add(tensor);
        });
        if (tensorsOf.isEmpty()) {
            throw new ModelFormatException(file + ": weight_map: expected tensors, found none");
        }
        return new ShardIndex(file, tensorsOf);
    }

    /** Whether {@code name} cannot lead out of the folder, on any system. */
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

    /** The shards' file names, sorted. */
    Set<String> shards() {
        return tensorsOf.keySet();
    }

    /** @throws ModelFormatException unless {@code shard} holds the tensors that this index says, and no others */
    void check(Path shard, Iterable<String> found) {
        Set<String> missing = new TreeSet<>(tensorsOf.get(shard.getFileName().toString()));
        List<String> extra = new ArrayList<>();
        for (String tensor : found) {
            if (!missing.remove(tensor)) {
                extra.add(tensor);
            }
        }
        if (!missing.isEmpty()) {
            throw new ModelFormatException(shard + ": expected " + some(missing) + " of " + file.getFileName()
                    + ", found no such tensors: the files are not of one model, download all again");
        }
        if (!extra.isEmpty()) {
            throw new ModelFormatException(shard + ": found " + some(extra) + ", which " + file.getFileName()
                    + " does not expect there: the files are not of one model, download all again");
        }
    }

    private static String some(Iterable<String> names) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        return String.join(", ", all.subList(0, Math.min(SHOWN, all.size())))
                + (all.size() > SHOWN ? " and " + (all.size() - SHOWN) + " more" : "");
    }
}

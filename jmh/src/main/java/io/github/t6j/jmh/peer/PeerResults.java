package io.github.t6j.jmh.peer;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Results of a comparison, or of a part of it, as peer.json has them.
 *
 * @param plan plan of the comparison, without the folders of one machine
 * @param jdk version of the JDK
 * @param engines descriptions of all engines, one for each model and type
 * @param speeds speeds so far
 * @param leftOut sentences about engines that computed another model, and were not measured; null in older files
 */
public record PeerResults(
        PeerPlan plan, String jdk, List<PeerDescription> engines, List<PeerSpeed> speeds, List<String> leftOut) {
    /** Depth of the test that reads a prompt. */
    static final int PROMPT = -1;

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** Makes results without engines that were left out. */
    public PeerResults(PeerPlan plan, String jdk, List<PeerDescription> engines, List<PeerSpeed> speeds) {
        this(plan, jdk, engines, speeds, List.of());
    }

    /** Replaces what older files lack. */
    public PeerResults {
        leftOut = leftOut == null ? List.of() : leftOut;
    }

    /** Returns the results of a run that has measured nothing. */
    static PeerResults none(PeerPlan plan) {
        return new PeerResults(plan.withoutFolders(), Runtime.version().toString(), List.of(), List.of());
    }

    /** Returns true if a file has the results of a comparison: an object, where JMH's is an array. */
    public static boolean areIn(Path json) throws IOException {
        return Files.readString(json).stripLeading().startsWith("{");
    }

    /**
     * Reads results.
     *
     * @throws IllegalArgumentException if the file has other content
     */
    public static PeerResults read(Path json) throws IOException {
        try {
            PeerResults results = GSON.fromJson(Files.readString(json), PeerResults.class);
            if (results != null && results.plan != null && results.engines != null && results.speeds != null) {
                return results;
            }
        } catch (JsonParseException _) {
            // reported below
        }
        throw new IllegalArgumentException(json + ": expected plan, engines and speeds of report --peer, found other"
                + " content");
    }

    /** Returns true if these are results of {@code other} on this JDK, so that a run can go on with them. */
    public boolean isOf(PeerPlan other) {
        return plan.equals(other.withoutFolders()) && jdk.equals(Runtime.version().toString());
    }

    /** Writes the file completely or not at all. */
    void write(Path json) throws IOException {
        Path partial = json.resolveSibling(json.getFileName() + ".partial");
        Files.writeString(partial, GSON.toJson(this) + "\n");
        Files.move(partial, json, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Returns the depths of the tests with weights of {@code type} that are not measured, in order. */
    List<Integer> missing(String type) {
        return Stream.concat(Stream.of(PROMPT), plan.depths().stream()).filter(depth -> speeds.stream()
                .noneMatch(speed -> speed.type().equals(type) && speed.depth() == depth)).toList();
    }

    /** Returns the number of tests of all types. */
    int tests() {
        return plan.types().size() * (1 + plan.depths().size());
    }

    /** Returns the number of tests that are not measured. */
    int missing() {
        return plan.types().stream().mapToInt(type -> missing(type).size()).sum();
    }

    PeerResults with(List<PeerDescription> moreEngines, List<PeerSpeed> moreSpeeds) {
        return new PeerResults(plan, jdk, joined(engines, moreEngines), joined(speeds, moreSpeeds), leftOut);
    }

    PeerResults without(String sentence) {
        return new PeerResults(plan, jdk, engines, speeds, joined(leftOut, List.of(sentence)));
    }

    private static <T> List<T> joined(List<T> some, List<T> more) {
        List<T> all = new ArrayList<>(some);
        more.stream().filter(one -> !all.contains(one)).forEach(all::add);
        return all;
    }
}

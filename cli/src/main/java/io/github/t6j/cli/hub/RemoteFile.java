package io.github.t6j.cli.hub;

import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param path path within the repository, with / between its parts
 * @param size bytes, or −1 if the hub does not report it
 * @param id name of its blob: the SHA-256 of a large file's bytes, git's SHA-1 of a small file, or its ETag if the hub
 *     has neither; null if it is not yet known
 */
public record RemoteFile(String path, long size, String id) {
    private static final Pattern ID = Pattern.compile("[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}");

    static boolean isId(String id) {
        return ID.matcher(id).matches() && !id.endsWith(".incomplete");
    }

    String folder() {
        return path.contains("/") ? path.substring(0, path.lastIndexOf('/')) : "";
    }

    String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}

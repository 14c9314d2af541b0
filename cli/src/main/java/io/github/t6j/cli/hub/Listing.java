package io.github.t6j.cli.hub;

import java.util.List;

/**
 * Files of a repository at a revision.
 *
 * @param commit 40 hexadecimal digits
 */
public record Listing(String commit, List<RemoteFile> files) {}

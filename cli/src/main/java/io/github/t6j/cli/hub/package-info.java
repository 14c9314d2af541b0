/**
 * Models of a Hugging Face hub: {@link io.github.t6j.cli.hub.Pull} gets one, {@link io.github.t6j.cli.hub.HubCache} is
 * where it lies, in the layout of Hugging Face's Python library, so that either finds what the other has pulled.
 *
 * <p>A pull's way: {@link io.github.t6j.cli.hub.ModelName} says which, {@link io.github.t6j.cli.hub.Hub} lists the
 * repository's files, {@link io.github.t6j.cli.hub.PullPlan} chooses those that are needed, {@code BlobDownload} gets each
 * and checks it, {@code HubCache} links it into the snapshot. Knows neither picocli nor the commands.
 */
package io.github.t6j.cli.hub;

/**
 * Models of a Hugging Face hub. {@link io.github.t6j.cli.hub.Pull} downloads a model into {@link
 * io.github.t6j.cli.hub.HubCache}, which has the layout of Hugging Face's Python library, so that both find what the
 * other has pulled.
 *
 * <p>Order of a pull: {@link io.github.t6j.cli.hub.ModelName} names the model, {@link io.github.t6j.cli.hub.Hub} lists
 * the repository's files, {@link io.github.t6j.cli.hub.PullPlan} chooses the files that are needed, {@code
 * BlobDownload} downloads and checks each of them, and {@code HubCache} links it into the snapshot. This package knows
 * neither picocli nor the commands.
 */
package io.github.t6j.cli.hub;

/**
 * The public door: load a {@link io.github.t6j.Model}, open a {@link io.github.t6j.Session}, generate or feed ids. May
 * use every other package; none may use it, save {@link io.github.t6j.ModelFormatException}.
 */
package io.github.t6j;

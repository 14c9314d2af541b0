/** Terminal, standard output and error, progress, text files and new folders, for all commands. */
package io.github.t6j.cli.io;

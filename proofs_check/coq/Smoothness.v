(* L4 (descent lemma) in R^d: if gF is the gradient of F and |gF(y) - gF(x)| <= L |y - x|, then
   F(x + h) <= F(x) + <gF(x), h> + (L/2)|h|^2, and with N_i for L in coordinate i where the gradient grows by no more. *)
From Coq Require Import Reals Lra Lia Psatz FunctionalExtensionality.
From Mada Require Import Sums.
Local Open Scope R_scope.

(* A3: gF is the (Gateaux) gradient of F, and is L-Lipschitz for the Euclidean norm. *)
Record smooth (d : nat) (F : vec -> R) (gF : vec -> vec) (L : R) : Prop := {
  L_nonneg : 0 <= L;
  grad : forall x h : vec,
    derivable_pt_lim (fun s => F (fun i => x i + s * h i)) 0 (dot d (gF x) h);
  lip : forall x y : vec,
    sqn d (fun i => gF y i - gF x i) <= L² * sqn d (fun i => y i - x i) }.

(* <gF(x + s h) - gF(x), h> <= L s |h|^2 *)
Lemma slope_growth d F gF L x h s : smooth d F gF L -> 0 <= s ->
  dot d (gF (fun i => x i + s * h i)) h - dot d (gF x) h <= L * s * sqn d h.
Proof.
  intros [HL _ HLip] Hs. pose proof (sqn_nonneg d h) as Hn. set (y := fun i => x i + s * h i).
  replace (dot d (gF y) h - dot d (gF x) h) with (sum d (fun i => (gF y i - gF x i) * h i))
    by (unfold dot; rewrite <- sum_minus; apply sum_ext; intros; ring).
  pose proof (cauchy d (fun i => gF y i - gF x i) h) as CS.
  pose proof (HLip x y) as HL'.
  replace (sqn d (fun i => y i - x i)) with (s² * sqn d h) in HL'
    by (unfold sqn, y; rewrite <- sum_scal; apply sum_ext; intros; unfold Rsqr; ring).
  apply Rsqr_incr_0_var; [|apply Rmult_le_pos; [nra|auto]].
  apply Rle_trans with (1 := CS).
  replace ((L * s * sqn d h)²) with (L² * (s² * sqn d h) * sqn d h) by (unfold Rsqr; ring).
  apply Rmult_le_compat_r; auto.
Qed.

(* Smooth by coordinate: with the Hessian below the diagonal matrix of N. *)
Record smooth_by_coordinate (d : nat) (F : vec -> R) (gF : vec -> vec) (N : vec) : Prop := {
  N_nonneg : forall i, (i < d)%nat -> 0 <= N i;
  has_gradient : forall x h : vec,
    derivable_pt_lim (fun s => F (fun i => x i + s * h i)) 0 (dot d (gF x) h);
  growth : forall x h : vec,
    dot d (gF (fun i => x i + h i)) h - dot d (gF x) h <= sum d (fun i => N i * (h i)²) }.

Lemma smooth_in_every_coordinate d F gF L : smooth d F gF L -> smooth_by_coordinate d F gF (fun _ => L).
Proof.
  intros HS. split; [intros; apply (L_nonneg _ _ _ _ HS) | apply (grad _ _ _ _ HS) |]. intros x h.
  pose proof (slope_growth d F gF L x h 1 HS ltac:(lra)) as H.
  replace (fun i => x i + 1 * h i) with (fun i => x i + h i) in H
    by (apply functional_extensionality; intros i; ring).
  rewrite sum_scal. fold (sqn d h). lra.
Qed.

(* The row sums of |H| will do where H is symmetric and bounds the growth of the gradient: N = sum_ij |H_ij|. *)
Theorem row_sums d (H : nat -> nat -> R) h : (forall i j, H i j = H j i) ->
  sum d (fun i => sum d (fun j => H i j * (h i * h j))) <= sum d (fun i => sum d (fun j => Rabs (H i j)) * (h i)²).
Proof.
  intros Sym. set (half := fun i j => Rabs (H i j) * (h i)² / 2).
  apply Rle_trans with (sum d (fun i => sum d (fun j => half i j + half j i))).
  - apply sum_le; intros i _. apply sum_le; intros j _. unfold half. rewrite (Sym j i).
    pose proof (Rle_abs (H i j)) as H1. pose proof (Rle_abs (- H i j)) as H2. rewrite Rabs_Ropp in H2.
    pose proof (Rle_0_sqr (h i + h j)). pose proof (Rle_0_sqr (h i - h j)). unfold Rsqr in *. nra.
  - right. transitivity (sum d (fun i => sum d (half i)) + sum d (fun i => sum d (fun j => half j i))).
    + rewrite <- sum_plus. apply sum_ext; intros i _. apply sum_plus.
    + rewrite (sum_swap d d (fun i j => half j i)), <- sum_plus. apply sum_ext; intros i _.
      rewrite <- sum_plus, Rmult_comm, <- sum_scal. apply sum_ext; intros j _. unfold half. field.
Qed.

Theorem descent_by_coordinate d F gF N x h : smooth_by_coordinate d F gF N ->
  F (fun i => x i + h i) <= F x + dot d (gF x) h + sum d (fun i => N i * (h i)²) / 2.
Proof.
  intros HS. set (X := fun (s : R) i => x i + s * h i). set (q := sum d (fun i => N i * (h i)²)).
  assert (D : forall s, derivable_pt_lim (fun s => F (X s)) s (dot d (gF (X s)) h)).
  { intros s eps He. destruct (has_gradient _ _ _ _ HS (X s) h eps He) as [del Hd]. exists del.
    intros u Hu Hu'. specialize (Hd u Hu Hu').
    replace (F (X (s + u))) with (F (fun i => X s i + (0 + u) * h i))
      by (f_equal; apply functional_extensionality; intros i; unfold X; ring).
    replace (F (X s)) with (F (fun i => X s i + 0 * h i)); [exact Hd|].
    f_equal; apply functional_extensionality; intros i; ring. }
  (* psi s = F(X s) - s <gF x, h> - q s^2/2 does not increase on [0,1] *)
  set (psi := fun s => F (X s) - (dot d (gF x) h * s + q / 2 * s²)).
  assert (Dpsi : forall s, derivable_pt_lim psi s (dot d (gF (X s)) h - (dot d (gF x) h * 1 + q / 2 * (2 * s)))).
  { intros s. apply derivable_pt_lim_minus; [apply D|].
    apply derivable_pt_lim_plus.
    - apply derivable_pt_lim_scal, derivable_pt_lim_id.
    - apply derivable_pt_lim_scal, derivable_pt_lim_Rsqr. }
  destruct (MVT_cor2 psi _ 0 1 ltac:(lra) (fun c _ => Dpsi c)) as (c & Hc & Hc01).
  assert (Hneg : dot d (gF (X c)) h - dot d (gF x) h <= c * q).
  { pose proof (growth _ _ _ _ HS x (fun i => c * h i)) as H. cbv beta in H. fold (X c) in H.
    assert (E : forall y, dot d y (fun i => c * h i) = c * dot d y h)
      by (intros y; unfold dot; rewrite <- sum_scal; apply sum_ext; intros; ring).
    rewrite !E in H.
    replace (sum d (fun i => N i * (c * h i)²)) with (c * (c * q)) in H
      by (unfold q; rewrite <- !sum_scal; apply sum_ext; intros; unfold Rsqr; ring).
    apply Rmult_le_reg_l with c; lra. }
  unfold psi in Hc. rewrite !Rsqr_0, Rsqr_1 in Hc.
  replace (F (X 0)) with (F x) in Hc
    by (f_equal; apply functional_extensionality; intros i; unfold X; ring).
  replace (F (fun i => x i + h i)) with (F (X 1))
    by (f_equal; apply functional_extensionality; intros i; unfold X; ring).
  lra.
Qed.

Theorem descent d F gF L x h : smooth d F gF L ->
  F (fun i => x i + h i) <= F x + dot d (gF x) h + L / 2 * sqn d h.
Proof.
  intros HS. pose proof (descent_by_coordinate d F gF _ x h (smooth_in_every_coordinate d F gF L HS)) as H.
  cbv beta in H. rewrite sum_scal in H. unfold sqn. lra.
Qed.

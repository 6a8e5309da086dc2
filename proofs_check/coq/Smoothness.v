(* L4 (descent lemma) in R^d: if gF is the gradient of F and |gF(y) - gF(x)| <= L |y - x|, then
   F(x + h) <= F(x) + <gF(x), h> + (L/2)|h|^2. *)
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

Theorem descent d F gF L x h : smooth d F gF L ->
  F (fun i => x i + h i) <= F x + dot d (gF x) h + L / 2 * sqn d h.
Proof.
  intros HS. set (X := fun (s : R) i => x i + s * h i).
  assert (D : forall s, derivable_pt_lim (fun s => F (X s)) s (dot d (gF (X s)) h)).
  { intros s eps He. destruct (grad _ _ _ _ HS (X s) h eps He) as [del Hd]. exists del.
    intros u Hu Hu'. specialize (Hd u Hu Hu').
    replace (F (X (s + u))) with (F (fun i => X s i + (0 + u) * h i))
      by (f_equal; apply functional_extensionality; intros i; unfold X; ring).
    replace (F (X s)) with (F (fun i => X s i + 0 * h i)); [exact Hd|].
    f_equal; apply functional_extensionality; intros i; ring. }
  (* psi s = F(X s) - s <gF x, h> - L s^2/2 |h|^2 does not increase on [0,1] *)
  set (psi := fun s => F (X s) - (dot d (gF x) h * s + L / 2 * sqn d h * s²)).
  assert (Dpsi : forall s, derivable_pt_lim psi s
    (dot d (gF (X s)) h - (dot d (gF x) h * 1 + L / 2 * sqn d h * (2 * s)))).
  { intros s. apply derivable_pt_lim_minus; [apply D|].
    apply derivable_pt_lim_plus.
    - apply derivable_pt_lim_scal, derivable_pt_lim_id.
    - apply derivable_pt_lim_scal, derivable_pt_lim_Rsqr. }
  destruct (MVT_cor2 psi _ 0 1 ltac:(lra) (fun c _ => Dpsi c)) as (c & Hc & Hc01).
  pose proof (slope_growth d F gF L x h c HS ltac:(lra)) as Hneg. fold (X c) in Hneg.
  unfold psi in Hc. rewrite !Rsqr_0, Rsqr_1 in Hc.
  replace (F (X 0)) with (F x) in Hc
    by (f_equal; apply functional_extensionality; intros i; unfold X; ring).
  replace (F (fun i => x i + h i)) with (F (X 1))
    by (f_equal; apply functional_extensionality; intros i; unfold X; ring).
  lra.
Qed.
